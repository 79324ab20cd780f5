"""A serial line as OctoPrint uses it, with a simulated clock."""

from __future__ import annotations

from dataclasses import dataclass, field

from octoprint_temp_eta.core.gcode.acknowledgements import Acknowledgements
from octoprint_temp_eta.core.gcode.in_flight import Outcome


@dataclass
class Line:
    """A serial line as OctoPrint uses it, with its clock."""

    acknowledgements: Acknowledgements = field(default_factory=Acknowledgements)
    clock: float = 100.0
    outcomes: list[Outcome] = field(default_factory=list)

    def submit(self, key: str, line: str, parts: int = 1, *, reply: bool = True) -> Line:
        self.acknowledgements.submit(key, line, reply=reply)
        self.outcomes += self.acknowledgements.queued(key, parts, self.clock)
        return self

    def send(self, key: str | None, line: str, *, acknowledged: bool = True) -> Line:
        self.outcomes += self.acknowledgements.sending(key, line, self.clock, acknowledged=acknowledged)
        self.outcomes += self.acknowledgements.sent(key, line, self.clock, acknowledged=acknowledged)
        return self

    def begin(self, key: str, line: str) -> Line:
        return self.submit(key, line).send(key, line)

    def repeat(self, line: str) -> Line:
        self.outcomes += self.acknowledgements.sent(None, line, self.clock, acknowledged=True)
        return self

    def receive(self, *lines: str) -> Line:
        for line in lines:
            self.outcomes += self.acknowledgements.received(line + "\n", self.clock)
        return self

    def wait(self, seconds: float) -> Line:
        self.clock += seconds
        self.outcomes += self.acknowledgements.tick(self.clock)
        return self


def optional(key: str = "1", text: str = "START") -> Line:
    return Line().submit(key, text).send(key, text, acknowledged=False)
