"""Heats bed and hotend to the temperatures in the settings, and reports when both are reached."""

__script_id__ = "warm_up"
__script_title__ = "Warm up"
__script_settings__ = {"bed": 60, "hotend": 150}


class WarmUp:
    script_status = None

    def __init__(self, g, logger, settings):
        self.g = g
        self.logger = logger
        self.settings = settings

    def run(self):
        bed, hotend = self.settings["bed"], self.settings["hotend"]
        self.g.write(f"M140 S{bed}")
        self.g.write(f"M104 S{hotend}")
        self.script_status = f"Heating the bed to {bed} °C"
        self.g.write(f"M190 S{bed}")
        self.script_status = f"Heating the hotend to {hotend} °C"
        self.g.write(f"M109 S{hotend}")
        return {"success": True, "success_message": f"bed at {bed} °C, hotend at {hotend} °C"}


__script_obj__ = WarmUp
