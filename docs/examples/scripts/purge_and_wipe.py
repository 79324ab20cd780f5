"""Purge and wipe: pushes old filament out at the edge of the bed and wipes the nozzle, before a change of colour."""

import re

__script_id__ = "purge_and_wipe"
__script_title__ = "Purge and wipe"
__script_settings__ = {
    "hotend": 210,
    # mm of filament, and mm/min at which it is pushed.
    "purge": 40.0,
    "speed": 150.0,
    # Where the nozzle is purged, and how far it moves to wipe, in mm.
    "x": 5.0,
    "y": 5.0,
    "wipe": 30.0,
}


class PurgeAndWipe:
    script_status = None

    def __init__(self, g, logger, settings):
        self.g = g
        self.logger = logger
        self.settings = settings

    def run(self):
        s, g = self.settings, self.g
        self.script_status = "Homing"
        g.write("G28")
        self.script_status = f"Heating to {s['hotend']} °C"
        g.write(f"M109 S{s['hotend']}")
        if self.temperature() < s["hotend"] - 10:
            return {"success": False, "failure_reason": "the hotend is too cold to push filament"}

        self.script_status = "Moving to the edge"
        g.write("M83")
        g.feed(3000)
        g.abs_move(z=20)
        g.abs_move(x=s["x"], y=s["y"])
        g.abs_move(z=5)

        # In pieces, so that a cancel stops soon.
        self.script_status = "Purging"
        g.feed(s["speed"])
        pieces = max(1, round(s["purge"] / 5))
        for _ in range(pieces):
            g.move(E=s["purge"] / pieces)

        self.script_status = "Wiping"
        g.move(E=-1)
        g.feed(3000)
        g.abs_move(z=0.3)
        for _ in range(2):
            g.move(x=s["wipe"])
            g.move(x=-s["wipe"])
        g.abs_move(z=20)
        g.write("M400")
        return True, {}

    def temperature(self):
        """Return the hotend's temperature in °C as reported by the printer."""
        reply = self.g.write("M105", resp_needed=True)
        match = re.search(r"T0?:\s*(-?[\d.]+)", reply)
        if match is None:
            raise RuntimeError(f"the printer reported no temperature: {reply!r}")
        return float(match[1])


__script_obj__ = PurgeAndWipe
