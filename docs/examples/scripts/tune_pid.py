"""Tune a heater: the firmware measures the heater (M303), and the script sets and saves the result. Needs Marlin."""

import re

__script_id__ = "tune_pid"
__script_title__ = "Tune the hotend's PID"
__script_settings__ = {
    "temperature": 210,
    "cycles": 8,
    # Whether to write the result to the printer's EEPROM.
    "save": False,
}

VALUE = re.compile(r"\bK([pid])[:=]?\s*(-?\d+(?:\.\d+)?)")


class TunePid:
    script_status = None

    def __init__(self, g, logger, settings):
        self.g = g
        self.logger = logger
        self.settings = settings

    def run(self):
        s = self.settings
        self.script_status = f"Heating to {s['temperature']} °C {s['cycles']} times"
        # This takes some minutes. The reply has a line for each cycle; the last values count.
        reply = self.g.write(f"M303 E0 S{s['temperature']} C{s['cycles']}", resp_needed=True)
        self.logger.info(reply)
        values = {name: float(value) for name, value in VALUE.findall(reply.replace("DEFAULT_", ""))}
        if len(values) < 3 or "failed" in reply:
            return {"success": False, "failure_reason": f"the printer found no values: {reply.strip()[-100:]}"}
        self.g.write("M301 " + " ".join(f"{name.upper()}{values[name]}" for name in "pid"))
        if s["save"]:
            self.g.write("M500")
        return {"storage": values, "success_message": "P {p}, I {i}, D {d}".format(**values)}


__script_obj__ = TunePid
