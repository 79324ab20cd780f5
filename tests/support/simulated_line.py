"""A serial line between OctoPrint's two threads and a printer, as a simulation: which thread runs next is random.

It follows `octoprint.util.comm`: the sending thread takes a command when its counter of oks allows it, the monitoring
thread counts oks and resends lines. Both call the plugin's hooks, whose inputs reach `Acknowledgements` in the order
of the calls.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from octoprint_temp_eta.core.gcode.acknowledgements import Acknowledgements
from octoprint_temp_eta.core.gcode.in_flight import Acknowledged, FakeAck, Fence, Outcome, Probe, Unacknowledged

#: The text of the firmware before the ok of an unknown line.
UNKNOWN = 'echo:Unknown command: "{}"'
#: Seconds between two steps; more while everybody waits for an ok that was lost.
STEP_S, IDLE_STEP_S = 0.001, 0.5


@dataclass(slots=True)
class Firmware:
    """How the printer and OctoPrint's connection to it behave."""

    acknowledges_unknown: bool = True
    echoes_unknown: bool = True
    #: The probabilities that a line arrives garbled, and that an ok is lost.
    garbled: float = 0.0
    lost: float = 0.0
    #: Whether each M105 is acknowledged with the temperatures on the line of the ok.
    ok_with_temperatures: bool = True
    #: Whether OctoPrint numbers also the lines that are no G, M or T command.
    numbers_unknown: bool = False
    #: Whether a resend request has an ok of its own.
    ok_with_resend: bool = True


@dataclass
class SimulatedLine:
    """Runs `script` against the printer while a user types `typed` again and again; `replies` collects the outcomes."""

    random: Random
    firmware: Firmware
    script: list[str]
    typed: list[str]
    #: The reply or the error of each line of the script.
    replies: list[Outcome] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock = 100.0
        self.acknowledgements = Acknowledgements()
        self._queue: deque[tuple[str | None, str]] = deque()
        self._resends: deque[int] = deque()
        self._to_printer: deque[tuple[int | None, str]] = deque()
        self._from_printer: deque[str] = deque()
        self._sent: list[str] = []
        self._oks = 1
        self._delta = 0
        self._requested: float | None = None
        self._last_number = -1
        self._questions = 0
        self._last_error = False
        self._waiting: str | None = None

    def run(self, steps: int = 400_000) -> None:
        """Run until the script is done."""
        actors = [self._sender(), self._monitor(), self._printer(), self._user(), self._scripts()]
        for step in range(steps):
            if len(self.replies) == len(self.script):
                return
            next(self.random.choice(actors))
            idle = not (self._to_printer or self._from_printer) and (self._oks <= 0 or not self._queue)
            waits = idle and self._waiting is not None and self.firmware.lost > 0
            self.clock += (IDLE_STEP_S if waits else STEP_S) * self.random.random()
            if step % 200 == 0:
                self._settle(self.acknowledgements.tick(self.clock))
        raise AssertionError("the script does not end")

    def _settle(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            match outcome:
                case Fence() | Probe():
                    self._questions += 1
                    key = f"ask{self._questions}"
                    self.acknowledgements.submit(key, "M105", reply=False)
                    self._enqueue(key, "M105")
                    if isinstance(outcome, Probe):
                        self._take_ok()
                case FakeAck():
                    self._take_ok()
                case Acknowledged(key, _) | Unacknowledged(key, _) if key == self._waiting:
                    self._waiting = None
                    self.replies.append(outcome)
                case _:
                    pass
        if outcomes:
            self.trace.append(f"    -> {outcomes}")

    def _enqueue(self, key: str | None, line: str) -> None:
        self._queue.append((key, line))
        if key is not None:
            self._settle(self.acknowledgements.queued(key, 1, self.clock))

    # The actors: each `yield` lets another one run

    def _scripts(self) -> Iterator[None]:
        for number, line in enumerate(self.script):
            for _ in range(self.random.randrange(30)):
                yield
            self._waiting = str(number)
            self.acknowledgements.submit(self._waiting, line)
            self._enqueue(self._waiting, line)
            while self._waiting is not None:
                yield
        while True:
            yield

    def _user(self) -> Iterator[None]:
        while True:
            for line in self.typed:
                if len(self._queue) < 4:
                    self._enqueue(None, line)
            for _ in range(self.random.randrange(120)):
                yield
            yield

    def _sender(self) -> Iterator[None]:
        while True:
            while self._oks <= 0 or not (self._resends or (self._queue and self._delta == 0)):
                yield
            if self._resends:
                number = self._resends.popleft()
                line = self._sent[number]
                expected = line[0] in "GMT"
                self._oks -= expected
                self._to_printer.append((number, line))
                yield
                self._note_sent(None, line, expected)
                continue
            key, line = self._queue.popleft()
            expected = line[0] in "GMT"
            self.trace.append(f"{self.clock:.3f} sending {key} {line}")
            self._settle(self.acknowledgements.sending(key, line, self.clock, acknowledged=expected))
            yield
            self._oks -= expected
            if expected or self.firmware.numbers_unknown:
                self._to_printer.append((len(self._sent), line))
                self._sent.append(line)
            else:
                self._to_printer.append((None, line))
            yield
            if key is None or not expected:
                self._note_sent(key, line, expected)

    def _note_sent(self, key: str | None, line: str, expected: bool) -> None:
        self.trace.append(f"{self.clock:.3f} sent {key} {line}")
        self._settle(self.acknowledgements.sent(key, line, self.clock, acknowledged=expected))

    def _monitor(self) -> Iterator[None]:
        while True:
            while not self._from_printer:
                if self._requested is not None and self.clock > self._requested + 1:
                    self._take_ok()
                yield
            line = self._from_printer.popleft()
            self.trace.append(f"{self.clock:.3f} received {line}")
            self._settle(self.acknowledgements.received(line + "\n", self.clock))
            yield
            if self._requested is not None and not line.startswith("ok"):
                self._take_ok()
            if line.startswith("ok"):
                self._take_ok()
            elif line.startswith("Resend:"):
                number = int(line.split()[1])
                if number < len(self._sent) or self._delta:
                    self._delta = len(self._sent) - number
                self._requested = self.clock

    def _take_ok(self) -> None:
        self._requested = None
        self._oks = min(self._oks + 1, 1)
        if self._delta:
            self._resends.append(len(self._sent) - self._delta)
            self._delta -= 1

    def _printer(self) -> Iterator[None]:
        while True:
            while not self._to_printer:
                yield
            number, line = self._to_printer.popleft()
            if number is None:
                yield from self._reply(line)
            elif number != self._last_number + 1 or self.random.random() < self.firmware.garbled:
                ok = ["ok"] if self.firmware.ok_with_resend else []
                error = f"Error:checksum mismatch, Last Line: {self._last_number}"
                self._from_printer.extend([error, f"Resend: {self._last_number + 1}", *ok])
            else:
                self._last_number = number
                yield from self._reply(line)
            yield

    def _reply(self, line: str) -> Iterator[None]:
        for reply in self._execute(line):
            for _ in range(self.random.randrange(8)):
                yield
            if self.random.random() < 0.1:
                self._from_printer.append(" T:25.00 /0.00 B:25.00 /0.00 @:0 B@:0")
            self._from_printer.append(reply)

    def _execute(self, line: str) -> list[str]:
        ok = [] if self.random.random() < self.firmware.lost else ["ok"]
        if line == "M105":
            temperatures = "T:25.00 /0.00 B:25.00 /0.00 @:0 B@:0"
            if self.firmware.ok_with_temperatures:
                return [f"ok {temperatures}"] if ok else []
            return [temperatures, *ok]
        if line.startswith("M118 "):
            return [line[5:], *ok]
        if line[0] not in "GMT":
            echo = [UNKNOWN.format(line)] if self.firmware.echoes_unknown else []
            return [*echo, *ok] if self.firmware.acknowledges_unknown else echo
        return ok
