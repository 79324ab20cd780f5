"""A file that mecode's GMatrix writes with turned meanders, sent line by line."""

import math

from mecode import GMatrix

__script_id__ = "turned_boxes"
__script_title__ = "Turned boxes"


class Program:
    script_status = None

    def __init__(self, g, logger, settings):
        self.g = g
        self.logger = logger
        self.settings = settings

    def run(self):
        file = "boxes.gcode"
        with GMatrix(outfile=file, print_lines=False) as g:
            for _ in range(4):
                g.push_matrix()
                g.rotate(math.pi / 8)
                g.meander(5, 10, 2)
                g.pop_matrix()
        self.g._p.load_file(file)
        return True, {}


__script_obj__ = Program
