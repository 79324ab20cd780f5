"""Printing: a tower whose temperature falls with its height, with mecode's extrusion and retraction."""

__script_id__ = "temperature_tower"
__script_title__ = "Temperature tower"


class Program:
    script_status = None

    def __init__(self, g, logger, settings):
        self.g = g
        self.logger = logger
        self.settings = settings

    def run(self):
        g = self.g
        g.write("M82")
        g.write("G92 E0")
        g.extrude = True
        g.absolute()
        g.feed(1800)
        g.abs_move(x=50, y=50, z=0.2)
        g.relative()
        for layer in range(3):
            g.write(f"M104 S{60 - 5 * layer}")
            g.rect(20, 20)
            g.move(z=0.2)
        g.retract(1)
        return True, {"filament": round(g.current_position["E"], 3)}


__script_obj__ = Program
