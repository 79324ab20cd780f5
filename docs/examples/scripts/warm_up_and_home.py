"""Warm up and home: heats bed and hotend together and homes meanwhile, so that a print can start at once."""

__script_id__ = "warm_up_and_home"
__script_title__ = "Warm up and home"
__script_settings__ = {
    "bed": 60,
    "hotend": 150,
    # Seconds in which the heat spreads in the bed.
    "soak": 0,
}


class WarmUpAndHome:
    script_status = None

    def __init__(self, g, logger, settings):
        self.g = g
        self.logger = logger
        self.settings = settings

    def run(self):
        bed, hotend = self.settings["bed"], self.settings["hotend"]
        # Without waiting: both heat while the printer homes.
        self.g.write(f"M140 S{bed}")
        self.g.write(f"M104 S{hotend}")

        self.script_status = "Homing"
        self.g.write("G28")

        self.script_status = f"Heating the bed to {bed} °C"
        self.g.write(f"M190 S{bed}")
        self.script_status = f"Heating the hotend to {hotend} °C"
        self.g.write(f"M109 S{hotend}")

        # Second by second, so that a cancel never has to wait for the printer.
        for left in range(self.settings["soak"], 0, -1):
            self.script_status = f"Soaking, {left} s left"
            self.g.dwell(1000)

        self.script_status = "Ready"
        return {"success": True, "success_message": f"bed at {bed} °C, hotend at {hotend} °C"}


__script_obj__ = WarmUpAndHome
