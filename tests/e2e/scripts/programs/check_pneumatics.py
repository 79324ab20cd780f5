"""Calibration: sets a regulator and reads it back, and takes a temperature out of the reply to M105."""

import re

__script_id__ = "check_pneumatics"
__script_title__ = "Check the pneumatics"


class Program:
    script_status = None

    def __init__(self, g, logger, settings):
        self.g = g
        self.logger = logger
        self.settings = settings

    def run(self):
        g = self.g
        g.write("M125 S40")
        failures = []
        for pressure in (4.8, 5, 5.2):
            g.write(f"M236 S{pressure}")
            measured = float(g.write("M236", resp_needed=True).split()[0])
            if abs(measured - pressure) > 0.5:
                failures.append(f"{measured} instead of {pressure} PSI")
        temperatures = re.split(r"[:,\s]+", g.write("M105", resp_needed=True))
        self.logger.info("temperatures: %s", temperatures)
        failures += [] if float(temperatures[2]) < 50 else ["too hot"]
        return not failures, {"failures": failures}


__script_obj__ = Program
