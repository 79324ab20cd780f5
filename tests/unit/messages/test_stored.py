"""The formats of the stored files."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octoprint_temp_eta.bridge.broker.former_bases import BASES
from octoprint_temp_eta.bridge.broker.left_elsewhere import LEFT_BEHIND, LEFT_ELSEWHERE
from octoprint_temp_eta.bridge.heaters.forecasts import FORECASTS
from octoprint_temp_eta.bridge.heaters.heaters import HEATED, HEATERS, SENSORS
from octoprint_temp_eta.bridge.heaters.store import LEARNED
from octoprint_temp_eta.bridge.home_assistant.discovery import ANNOUNCED
from octoprint_temp_eta.bridge.home_assistant.elsewhere import ELSEWHERE
from octoprint_temp_eta.bridge.job.open_print import PRINT
from octoprint_temp_eta.bridge.printer.storage_print import STORAGE_PRINT
from octoprint_temp_eta.bridge.protocol.inputs import BrokerConnected
from octoprint_temp_eta.bridge.scripts.interrupted import RUN
from octoprint_temp_eta.bridge.scripts.last_good import SCRIPT_FILES
from octoprint_temp_eta.bridge.scripts.store import STORED
from octoprint_temp_eta.messages.stored import FORMATS, problem
from tests.support import curves
from tests.support.bridge_driver import BridgeDriver


def test_every_stored_file_has_a_format():
    assert set(FORMATS) == {
        HEATERS,
        HEATED,
        SENSORS,
        LEFT_BEHIND,
        BASES,
        LEFT_ELSEWHERE,
        LEARNED,
        ANNOUNCED,
        ELSEWHERE,
        STORED,
        FORECASTS,
        RUN,
        PRINT,
        SCRIPT_FILES,
        STORAGE_PRINT,
    }


def test_a_problem_names_the_place():
    wrong = {"version": 1, "heaters": {"p/bed": {"learned": {"mean": [0.5, 1e308]}}}}
    assert problem("learned", wrong) == "heaters/p/bed/learned/mean does not match the format"
    assert problem("another", object()) is None


def test_the_address_of_a_broker_with_the_longest_name_fits():
    address = BrokerConnected(1, "b" * 255, 65535, "5").address
    assert problem(ELSEWHERE, [{"broker": address, "places": []}]) is None
    assert problem(LEFT_ELSEWHERE, [{"broker": address, "topics": []}]) is None


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["bed", "tool0", "_default/bed", "", "a" * 255, "ä/#"])
TEXTS = st.lists(NAMES | st.text(min_size=1, max_size=9), max_size=5)
LEARNED_FILES = st.fixed_dictionaries(
    {
        "version": st.integers(0, 9),
        "heaters": st.dictionaries(
            NAMES,
            st.fixed_dictionaries({}, optional=dict.fromkeys(("learned", "accuracy", "episodes"), JSON)),
            max_size=3,
        ),
    }
)
PLACES = st.lists(
    st.fixed_dictionaries(
        {
            **dict.fromkeys(("prefix", "form", "device_id", "key", "platform", "identity"), NAMES),
            "device": st.lists(st.lists(st.text(max_size=5), min_size=2, max_size=2), max_size=2),
            "enabled": st.booleans(),
        }
    ),
    max_size=3,
)
FILES = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("heaters", "heated", "sensors", "left_behind", "bases"), TEXTS | JSON),
        "learned": LEARNED_FILES | JSON,
        "forecasts": st.fixed_dictionaries(
            {
                "basis": st.just(["1.0.0 linear", "a3a6cb63"]) | st.lists(JSON, max_size=2),
                "known": st.lists(st.lists(NAMES | st.floats(), min_size=6, max_size=6), max_size=2),
            }
        )
        | JSON,
        "announced": st.fixed_dictionaries({"version": st.integers(0, 9), "places": PLACES, "departed": PLACES}) | JSON,
        "announced_elsewhere": st.lists(st.fixed_dictionaries({"broker": NAMES, "places": PLACES}), max_size=3) | JSON,
        "left_elsewhere": st.lists(st.fixed_dictionaries({"broker": NAMES, "topics": TEXTS}), max_size=3) | JSON,
        "print": st.fixed_dictionaries(dict.fromkeys(("file", "user"), NAMES | st.none() | st.text())) | JSON,
        "script_files": st.dictionaries(NAMES, st.lists(NAMES, min_size=2, max_size=2), max_size=2) | JSON,
        "storage_print": JSON,
        "scripts": st.fixed_dictionaries(
            {
                "version": st.integers(0, 9),
                "settings": st.dictionaries(NAMES, st.dictionaries(NAMES, JSON, max_size=2), max_size=2),
            }
        )
        | JSON,
    },
)


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(FILES)
def test_with_whatever_was_stored_the_bridge_starts_and_keeps_the_contract(found: dict[str, Any]):
    """The driver holds each message against its schema."""
    remembered = {name: value for name, value in found.items() if problem(name, value) is None}
    driver = BridgeDriver(remembered=remembered, algorithm="model")
    driver.connect()
    driver.printer()
    for _, actual, target in curves.heating(60.0)[:12:3]:
        driver.skip(3)
        driver.read(bed=(actual, target), tool0=(21.0, 0.0))
    driver.advance(3)
    assert driver.state("eta", heater="bed")["state"] == "heating"
    assert driver.state("status") == "online"
