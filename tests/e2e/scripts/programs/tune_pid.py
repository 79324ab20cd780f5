"""Calibration: the firmware's own tuning, which takes long and reports temperatures meanwhile."""

import re

__script_id__ = "tune_pid"
__script_title__ = "Tune the PID"


class Program:
    script_status = None

    def __init__(self, g, logger, settings):
        self.g = g
        self.logger = logger
        self.settings = settings

    def run(self):
        reply = self.g.write("M303 E0 S60 C3", resp_needed=True)
        found = dict(re.findall(r"(K[pid])[:=]?\s*(-?[\d.]+)", reply))
        if len(found) < 3:
            return {"success": False, "failure_reason": "the printer has found no values"}
        self.g.write("M301 P{Kp} I{Ki} D{Kd}".format(**found))
        return True, {name: float(value) for name, value in found.items()}


__script_obj__ = Program
