"""The first lines that mecode's manual shows: a move, an arc, a meander, and home."""

__script_id__ = "first_steps"
__script_title__ = "First steps"


class Program:
    script_status = None

    def __init__(self, g, logger, settings):
        self.g = g
        self.logger = logger
        self.settings = settings

    def run(self):
        g = self.g
        g.move(10, 10)
        g.arc(x=10, y=5, radius=20, direction="CCW")
        g.meander(5, 10, spacing=1)
        g.abs_move(x=1, y=1)
        g.home()
        return True, {}


__script_obj__ = Program
