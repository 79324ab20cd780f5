"""Replies stay with their lines, whichever of OctoPrint's threads and the printer is faster."""

from __future__ import annotations

from random import Random

import pytest

from octoprint_temp_eta.core.gcode.in_flight import Acknowledged
from tests.support.simulated_line import Firmware, SimulatedLine

LINES = 20
SEEDS = range(12)
TYPED = ["HELLO", "M117 typed"]


def outcomes(seed: int, firmware: Firmware, typed: list[str]) -> tuple[int, int]:
    """Return how many lines got their reply, and how many raised; none gets the reply of another one."""
    line = SimulatedLine(Random(seed), firmware, [f"M118 n{number}" for number in range(LINES)], typed)
    line.run()
    texts = {number: outcome.text for number, outcome in enumerate(line.replies) if isinstance(outcome, Acknowledged)}
    assert texts == {number: f"n{number}\nok\n" for number in texts}, "\n".join(line.trace)
    return len(texts), LINES - len(texts)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("firmware", "typed"),
    [
        (Firmware(), ["M117 typed"]),
        (Firmware(), TYPED),
        (Firmware(acknowledges_unknown=False, echoes_unknown=False), TYPED),
        (Firmware(garbled=0.05), ["M117 typed"]),
        (Firmware(garbled=0.05), TYPED),
        (Firmware(garbled=0.05, numbers_unknown=True), TYPED),
        (Firmware(garbled=0.15), ["HELLO", *TYPED]),
        (Firmware(garbled=0.05, acknowledges_unknown=False, echoes_unknown=False), TYPED),
    ],
    ids=[
        "typed",
        "unknown",
        "unknown and not acknowledged",
        "resends",
        "resends, unknown",
        "resends, unknown and numbered",
        "many resends, more unknown",
        "resends, not acknowledged",
    ],
)
def test_every_line_gets_its_reply(firmware: Firmware, typed: list[str], seed: int) -> None:
    assert outcomes(seed, firmware, typed) == (LINES, 0)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "firmware",
    [
        Firmware(acknowledges_unknown=False),
        Firmware(ok_with_temperatures=False),
        Firmware(garbled=0.05, echoes_unknown=False),
        Firmware(garbled=0.05, ok_with_resend=False),
        Firmware(lost=0.02),
        Firmware(lost=0.02, garbled=0.05),
    ],
    ids=[
        "echo without an ok",
        "plain M105",
        "resends, unknown without an echo",
        "resends without an ok",
        "lost oks",
        "lost oks, resends",
    ],
)
def test_a_line_gets_its_reply_or_fails(firmware: Firmware, seed: int) -> None:
    replied, failed = outcomes(seed, firmware, TYPED)
    assert replied > failed
