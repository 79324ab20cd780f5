"""Mill a pocket: cuts a rectangle layer by layer, from the tool's position at its lower left corner on the surface."""

__script_id__ = "mill_pocket"
__script_title__ = "Mill a pocket"
__script_settings__ = {
    # All sizes in mm; the pocket has the corners of a round tool.
    "width": 20.0,
    "height": 10.0,
    "depth": 2.0,
    "depth_per_layer": 0.5,
    "tool": 3.0,
    # mm/min
    "feed": 300.0,
    "plunge": 60.0,
    "spindle": 10000,
}


class MillPocket:
    script_status = None

    def __init__(self, g, logger, settings):
        self.g = g
        self.logger = logger
        self.settings = settings

    def run(self):
        g, s = self.g, self.settings
        width, height = s["width"] - s["tool"], s["height"] - s["tool"]
        if min(width, height) <= 0:
            return {"success": False, "failure_reason": "the tool is wider than the pocket"}
        g.relative()
        g.write(f"M3 S{s['spindle']}")
        g.move(x=s["tool"] / 2, y=s["tool"] / 2)
        depth = 0.0
        while depth < s["depth"]:
            step = min(s["depth_per_layer"], s["depth"] - depth)
            depth += step
            self.script_status = f"Cutting at {depth:g} mm"
            g.feed(s["plunge"])
            g.move(z=-step)
            g.feed(s["feed"])
            self.clear(width, height)
        g.move(z=depth)
        g.move(x=-s["tool"] / 2, y=-s["tool"] / 2)
        g.write("M5")
        return True, {}

    def clear(self, width, height):
        """Cut one layer: rectangles from outside to inside, and back to the corner."""
        g, step, inset = self.g, self.settings["tool"] * 0.4, 0.0
        while inset < min(width, height) / 2:
            g.rect(width - 2 * inset, height - 2 * inset)
            g.move(x=step, y=step)
            inset += step
        g.move(x=-inset, y=-inset)


__script_obj__ = MillPocket
