"""Bed flatness: probes a grid of points and reports how flat the bed is. Needs a probe that supports G30."""

import re

__script_id__ = "bed_flatness"
__script_title__ = "Measure the bed's flatness"
__script_settings__ = {
    "points_per_side": 3,
    # The grid's corners in mm: keep within what the probe can reach.
    "x_min": 30.0,
    "x_max": 190.0,
    "y_min": 30.0,
    "y_max": 190.0,
    # More difference in mm between highest and lowest point counts as a failure.
    "tolerance": 0.4,
}

HEIGHT = re.compile(r"Bed X:\s*(-?[\d.]+)\s*Y:\s*(-?[\d.]+)\s*Z:\s*(-?[\d.]+)")


class BedFlatness:
    script_status = None

    def __init__(self, g, logger, settings):
        self.g = g
        self.logger = logger
        self.settings = settings

    def run(self):
        s = self.settings
        self.script_status = "Homing"
        self.g.write("G28")
        xs = self.spread(s["x_min"], s["x_max"])
        ys = self.spread(s["y_min"], s["y_max"])
        # Back and forth, which is the shortest path.
        points = [(x, y) for row, y in enumerate(ys) for x in (xs if row % 2 == 0 else reversed(xs))]

        heights = []
        for number, (x, y) in enumerate(points, start=1):
            self.script_status = f"Probing point {number} of {len(points)}"
            heights.append(self.probe(x, y))

        flatness = round(max(heights) - min(heights), 3)
        for (x, y), height in zip(points, heights, strict=True):
            self.logger.info("X%.1f Y%.1f: %+.3f mm", x, y, height - min(heights))
        self.script_status = f"Flat to {flatness} mm"
        flat = flatness <= s["tolerance"]
        return {
            "success": flat,
            "storage": {"flatness": flatness, "heights": heights},
            "success_message": f"the bed is flat to {flatness} mm",
            "failure_reason": f"the bed is uneven by {flatness} mm, more than {s['tolerance']} mm",
        }

    def spread(self, low, high):
        """Return the grid's places along one axis."""
        count = self.settings["points_per_side"]
        if count < 2:
            raise ValueError("points_per_side must be 2 or more")
        return [round(low + (high - low) * index / (count - 1), 1) for index in range(count)]

    def probe(self, x, y):
        """Return the bed's height in mm at a point."""
        reply = self.g.write(f"G30 X{x} Y{y}", resp_needed=True)
        match = HEIGHT.search(reply)
        if match is None:
            raise RuntimeError(
                f"the printer reported no height at X{x} Y{y}: does it have a probe? Its reply: {reply!r}"
            )
        return float(match[3])


__script_obj__ = BedFlatness
