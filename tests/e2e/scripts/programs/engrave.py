"""Laser: an image line by line, with the power in raw lines, and settings of GRBL that other firmware does not know."""

IMAGE = ("0110", "1001", "0110")
PITCH = 0.5

__script_id__ = "engrave"
__script_title__ = "Engrave an image"


class Program:
    script_status = None

    def __init__(self, g, logger, settings):
        self.g = g
        self.logger = logger
        self.settings = settings

    def run(self):
        g = self.g
        g.write("$32=1")
        g.abs_move(0, 0, 0, rapid=True)
        g.absolute()
        g.feed(500)
        g.write("M3 S0")
        for number, row in enumerate(IMAGE):
            pixels = list(enumerate(row))
            for x, pixel in pixels if number % 2 == 0 else reversed(pixels):
                g.write(f"G1 X{x * PITCH:.4f} Y{number * PITCH:.4f} S{7000 * int(pixel)}")
                g._update_current_position(mode="absolute", x=x * PITCH, y=number * PITCH)
        g.abs_move(0, 0, 0, rapid=True)
        g.write("M5")
        g.write("$32=0")
        return True, {}


__script_obj__ = Program
