"""Probing: a profilometer whose value is on the line of the ok, taken from it by position."""

__script_id__ = "profile_bed"
__script_title__ = "Profile the bed"


class Program:
    script_status = None

    def __init__(self, g, logger, settings):
        self.g = g
        self.logger = logger
        self.settings = settings

    def run(self):
        g, values = self.g, []
        for x, y in ((25, 60), (95, 175), (165, 60)):
            g.write("G1 F9000")
            g.abs_move(x, y)
            g.write("G4 P3")
            values.append(self.profilometer())
        spread = max(values) - min(values)
        return {
            "success": spread < 10,
            "storage": {"values": values},
            "success_message": f"level within {spread} microns",
            "failure_reason": f"{spread} microns apart",
        }

    def profilometer(self):
        self.g.write("M400")
        reply = self.g.write("M235 S2.0", resp_needed=True)
        return int(reply[3:-1]) - 5000


__script_obj__ = Program
