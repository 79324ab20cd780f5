"""Milling: a hole wider than the tool, cut as a helix, with comments in brackets."""

DEPTH, PASS, TOOL, RADIUS = 4.0, 1.0, 3.0, 10.0

__script_id__ = "mill_hole"
__script_title__ = "Mill a hole"


class Program:
    script_status = None

    def __init__(self, g, logger, settings):
        self.g = g
        self.logger = logger
        self.settings = settings

    def run(self):
        g, r = self.g, RADIUS - TOOL / 2
        g.write("(init)")
        g.relative()
        g.write("M3 S10000")
        g.feed(600)
        g.move(x=r)
        for number in range(int(DEPTH / PASS)):
            g.write(f"(pass {number})")
            for x, y in ((-r, r), (-r, -r), (r, -r), (r, r)):
                g.arc(x=x, y=y, direction="CCW", radius=r, helix_dim="z", helix_len=-PASS / 4)
        g.move(x=-r)
        g.move(z=DEPTH)
        g.write("M5")
        return True, {}


__script_obj__ = Program
