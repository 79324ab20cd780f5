"""How much a bridge publishes in the scenario of the benchmarks, which the broker and its readers have to carry."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.bridge.protocol.inputs import Tick
from octoprint_temp_eta.core.clock import Now
from tests.benchmarks.scenario import Player, readings


@pytest.mark.parametrize("algorithm", ["linear", "model"])
def test_four_heaters_that_heat_and_cool_send_few_and_small_messages(algorithm: str):
    player = Player(algorithm)
    start, mark = player.now, len(player.messages)
    for second, reading in readings():
        player.now = Now(start.at + 1.0 + second, start.wall + 1.0 + second)
        if reading is not None:
            player.handle(reading)
        player.handle(Tick())
    messages = [each for each in player.messages[mark:] if not each.topic.startswith("homeassistant/")]
    heaters = [each for each in messages if each.topic.endswith("/eta")]
    assert len(heaters) <= 118
    assert sum(len(each.payload) for each in messages) <= 57_000
