"""Filament winding: Y is the angle of a mandrel, in degrees, and never turns back."""

import math

DIAMETER, LENGTH = 181, 700

__script_id__ = "wind_tube"
__script_title__ = "Wind a tube"


class Program:
    script_status = None

    def __init__(self, g, logger, settings):
        self.g = g
        self.logger = logger
        self.settings = settings

    def run(self):
        g = self.g
        g.feed(4000)
        g.write("G28 X")
        g.write("G4 P5")
        g.move(0, 3 * 360)
        angle = LENGTH / math.cos(math.radians(55)) / (math.pi * DIAMETER) * 360
        g.feed(8000)
        for _ in range(5):
            g.move(LENGTH, angle)
            g.move(0, 4 * 360)
            g.move(-LENGTH, angle)
            g.move(0, 4 * 360 + 360 / 5)
        g.write("G4 P2")
        return True, {"turns": round(g.current_position["y"] / 360, 3)}


__script_obj__ = Program
