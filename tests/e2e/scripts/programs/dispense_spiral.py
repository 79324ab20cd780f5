"""Dispensing: a spiral of paste whose pressure the printer's own M commands switch, and an axis in upper case."""

TRACE, GAP = 0.1, 0.05

__script_id__ = "dispense_spiral"
__script_title__ = "Dispense a spiral"


class Program:
    script_status = None

    def __init__(self, g, logger, settings):
        self.g = g
        self.logger = logger
        self.settings = settings

    def run(self):
        g = self.g
        g.set_home(x=0, y=0, Z=0)
        g.feed(100)
        g.move(x=-3)
        g.write("M9002 P1 Q70")
        g.dwell(1)
        g.move(x=3)
        length = 3
        g.move(x=length)
        while length >= 3 * TRACE:
            for sign in (-1, 1):
                length -= TRACE + 2 * GAP
                g.move(y=sign * length)
                g.move(x=sign * length)
        g.write("M10000")
        g.dwell(5)
        g.move(Z=3)
        g.teardown()
        return True, {}


__script_obj__ = Program
