"""Pick and place: rapid moves in absolute mode, and several lines in one call, with comments."""

TRAY, BOARD = (20, 20), ((60, 40), (65, 40), (70, 45))

__script_id__ = "pick_and_place"
__script_title__ = "Pick and place"


class Program:
    script_status = None

    def __init__(self, g, logger, settings):
        self.g = g
        self.logger = logger
        self.settings = settings

    def run(self):
        g = self.g
        for number, place in enumerate(BOARD):
            self.script_status = f"part {number + 1} of {len(BOARD)}"
            self.over(TRAY[0] + 4 * number, TRAY[1])
            g.write("M106 P1 S255 ; vacuum on")
            self.over(*place)
            g.write("M107 P1\nG4 P3")
        g.abs_rapid(z=20)
        return True, {"placed": len(BOARD)}

    def over(self, x, y):
        g = self.g
        g.abs_rapid(z=20)
        g.abs_rapid(x=x, y=y)
        g.abs_move(z=1)


__script_obj__ = Program
