"""Calibration: compares the settings of the firmware, a reply of many lines."""

__script_id__ = "check_firmware"
__script_title__ = "Check the firmware"


class Program:
    script_status = None

    def __init__(self, g, logger, settings):
        self.g = g
        self.logger = logger
        self.settings = settings

    def run(self, expected=None):
        reply = self.g.write("M503", resp_needed=True)
        settings = dict(line.split(None, 1) for line in reply.replace("echo:", "").splitlines() if " " in line.strip())
        if expected is not None and settings.get("M92") != expected:
            return False, {}
        return True, {"steps": settings.get("M92"), "accelerations": settings.get("M204")}


__script_obj__ = Program
