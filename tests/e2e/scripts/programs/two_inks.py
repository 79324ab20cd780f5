"""Multi-material: two nozzles, with mecode's pressure calls, which are no G-code."""

__script_id__ = "two_inks"
__script_title__ = "Two inks"


class Program:
    script_status = None

    def __init__(self, g, logger, settings):
        self.g = g
        self.logger = logger
        self.settings = settings

    def run(self):
        g = self.g
        for tool, port in ((0, 3), (1, 5)):
            g.write(f"T{tool}")
            g.set_pressure(port, 30)
            g.feed(20)
            g.toggle_pressure(port)
            g.meander(5, 5, spacing=1, start="UR" if tool else "LL")
            g.toggle_pressure(port)
            g.move(z=10)
            g.move(x=-2 * tool, z=-10)
        g.write("T0")
        return True, {}


__script_obj__ = Program
