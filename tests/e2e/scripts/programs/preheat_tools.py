"""Multi-material: the temperatures of two tools, set while either of them is selected."""

__script_id__ = "preheat_tools"
__script_title__ = "Preheat the tools"


class Program:
    script_status = None

    def __init__(self, g, logger, settings):
        self.g = g
        self.logger = logger
        self.settings = settings

    def run(self):
        g = self.g
        g.write("M104 T0 S40")
        g.write("M104 T1 S45")
        g.move(x=5)
        g.write("T1")
        g.move(x=-5)
        g.write("M109 T1 S45")
        g.write("T0")
        g.write("M104 T1 S0")
        g.write("M104 T0 S0")
        g.move(x=5)
        return True, {}


__script_obj__ = Program
