"""Milling: pockets and the outline of a circuit board, in absolute and relative mode. It returns nothing."""

WIDTH, HEIGHT, TOOL = 7.2, 8.7, 0.3

__script_id__ = "mill_board"
__script_title__ = "Mill a board"


class Program:
    script_status = None

    def __init__(self, g, logger, settings):
        self.g = g
        self.logger = logger
        self.settings = settings

    def run(self):
        g = self.g
        g.absolute()
        self.travel(0, 0)
        for depth in (0.1, 0.2, 0.3):
            self.script_status = f"pocket, {depth} mm deep"
            self.travel(1.39, 2.15)
            self.cut(depth)
            g.meander(1, 4.4, TOOL * 0.9)
        self.travel(-TOOL, -TOOL)
        for depth in (0.5, 1.0):
            self.script_status = f"outline, {depth} mm deep"
            self.cut(depth)
            g.relative()
            g.rect(WIDTH, HEIGHT)
            g.absolute()
        self.travel(0, 0)

    def travel(self, x, y):
        self.g.feed(400)
        self.g.move(z=2)
        self.g.move(x, y)

    def cut(self, depth):
        self.g.feed(140)
        self.g.move(z=-depth)


__script_obj__ = Program
