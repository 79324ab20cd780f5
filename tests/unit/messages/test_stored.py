"""The formats of the stored files."""

from __future__ import annotations

from octoprint_temp_eta.bridge.broker.connection import LEFT_BEHIND
from octoprint_temp_eta.bridge.heaters.heaters import HEATED, HEATERS, SENSORS
from octoprint_temp_eta.bridge.heaters.store import LEARNED
from octoprint_temp_eta.bridge.home_assistant.discovery import ANNOUNCED
from octoprint_temp_eta.bridge.scripts.store import STORED
from octoprint_temp_eta.messages.stored import FORMATS, problem


def test_every_stored_file_has_a_format():
    assert set(FORMATS) == {HEATERS, HEATED, SENSORS, LEFT_BEHIND, LEARNED, ANNOUNCED, STORED}


def test_a_problem_names_the_place():
    wrong = {"version": 1, "heaters": {"p/bed": {"learned": {"mean": [0.5, 1e308]}}}}
    assert problem("learned", wrong) == "heaters/p/bed/learned/mean does not match the format"
    assert problem("another", object()) is None
