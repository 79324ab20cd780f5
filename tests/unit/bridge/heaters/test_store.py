"""What is stored of each heater: the last heat-ups and cool-downs, and from how many it has learned."""

from __future__ import annotations

from typing import Any

import pytest

from octoprint_temp_eta.bridge.heaters.store import Place
from octoprint_temp_eta.bridge.protocol.effects import Learn, Page, Save
from octoprint_temp_eta.bridge.protocol.inputs import Learned, Profile
from octoprint_temp_eta.core.heating.accuracy import LAST_COMPARED
from tests.support import curves
from tests.support.bridge_driver import BridgeDriver, connected
from tests.support.warm_printer import learned, warm

BED = Place("_default", "bed")


def history(driver: BridgeDriver) -> dict[str, Any]:
    found: dict[str, Any] = driver.bridge.snapshot(driver.now)["history"]["bed"]
    return found


def heated_up(driver: BridgeDriver) -> None:
    driver.heat("bed", curves.heating(60.0, rate=0.5, hold=30.0))


def saved(driver: BridgeDriver) -> Any:
    return [save.value for save in driver.of(Save) if save.name == "learned"][-1]


def test_a_heat_up_is_kept_with_what_was_predicted() -> None:
    driver = connected(algorithm="linear")
    heated_up(driver)
    [episode] = history(driver)["episodes"]
    assert (episode["direction"], episode["goal"]) == ("heating", 60.0)
    assert abs(episode["predicted"] - episode["real"]) < 0.3 * episode["real"]


def test_only_the_last_ones_are_kept() -> None:
    stored = {
        "version": 1,
        "heaters": {
            str(BED): {
                "episodes": [
                    {
                        "direction": "cooling",
                        "start": 80.0,
                        "goal": 40.0,
                        "predicted": float(number),
                        "low": None,
                        "high": None,
                        "real": 100.0,
                    }
                    for number in range(LAST_COMPARED)
                ]
            }
        },
    }
    driver = connected(remembered={"learned": stored}, algorithm="linear")
    heated_up(driver)
    episodes = history(driver)["episodes"]
    assert len(episodes) == LAST_COMPARED
    assert [each["predicted"] for each in episodes[:2]] == [1.0, 2.0]
    assert episodes[-1]["direction"] == "heating"


def test_it_counts_what_was_learned_and_updates_open_pages() -> None:
    driver = connected()
    driver.read(bed=(22.0, 0.0))
    assert history(driver) == {"episodes": [], "learned": {"heating": 0, "cooling": 0}}
    driver.handle(Learned(str(BED), {"version": 2, "heating": {"traces": [{}, {}]}}))
    assert history(driver)["learned"] == {"heating": 2, "cooling": 0}
    assert driver.of(Page)[-1].message == {"type": "history_update"}


def test_a_reset_forgets_the_episodes_too() -> None:
    driver = connected(algorithm="linear")
    heated_up(driver)
    driver.command("reset", {"heater": "bed", "learned": True})
    assert history(driver)["episodes"] == []
    assert saved(driver)["heaters"] == {}


def test_damaged_episodes_are_dropped() -> None:
    stored = {"version": 1, "heaters": {str(BED): {"learned": {"heating": 7}, "episodes": [7, {"real": 1}]}}}
    driver = connected(remembered={"learned": stored})
    driver.read(bed=(22.0, 0.0))
    assert history(driver) == {"episodes": [], "learned": {"heating": 0, "cooling": 0}}


@pytest.mark.usefixtures("fixed_rate")
def test_what_was_learned_is_saved_and_used_from_then_on():
    driver = warm()
    driver.handle(Learned("_default/bed", {"rate": 0.25}))
    assert learned(driver)["_default/bed"]["learned"] == {"rate": 0.25}
    assert driver.command("forecast", {"heater": "bed", "target": 60})[0]["result"]["eta_seconds"] == 148
    assert driver.command("forecast", {"heater": "tool0", "target": 60})[0]["result"]["eta_seconds"] == 74


@pytest.mark.usefixtures("fixed_rate")
def test_what_was_learned_survives_a_restart_and_belongs_to_its_profile():
    stored = {"version": 1, "heaters": {"_default/bed": {"learned": {"rate": 0.25}, "accuracy": [[5.0, None]]}}}
    driver = warm(remembered={"learned": stored})
    assert driver.command("forecast", {"heater": "bed", "target": 60})[0]["result"]["eta_seconds"] == 148
    assert driver.state("diagnostics")["accuracy"].keys() == {"bed"}
    driver.printer(profile=Profile("big", "Big", ""))
    assert driver.command("forecast", {"heater": "bed", "target": 60})[0]["result"]["eta_seconds"] == 74


@pytest.mark.usefixtures("fixed_rate")
def test_an_episode_is_learned_on_top_of_what_was_learned():
    driver = warm(algorithm="model")
    driver.handle(Learned("_default/bed", {"rate": 0.25}))
    driver.heat("bed", curves.heating(60.0, rate=0.5, hold=30.0))
    [learn] = driver.of(Learn)
    assert learn.state == {"rate": 0.25}


@pytest.mark.usefixtures("fixed_rate")
def test_a_reset_while_learning_discards_the_result():
    driver = warm(algorithm="model")
    driver.heat("bed", curves.heating(60.0, rate=0.5, hold=30.0))
    assert len(driver.of(Learn)) == 1
    driver.command("reset", {"heater": "bed", "learned": True})
    driver.handle(Learned("_default/bed", {"rate": 0.25}))
    assert learned(driver) == {}
    driver.handle(Learned("_default/bed", {"rate": 0.25}))
    assert learned(driver).keys() == {"_default/bed"}


@pytest.mark.usefixtures("fixed_rate")
@pytest.mark.parametrize(
    "stored",
    [None, 7, [], {}, {"version": 99, "heaters": {}}, {"version": 1, "heaters": []},
     {"version": 1, "heaters": {"x": 1}}, {"version": 1, "heaters": {"_default/bed": {"learned": 7, "accuracy": "x"}}}],
)  # fmt: skip
def test_a_damaged_memory_is_none(stored: Any):
    driver = warm(remembered={"learned": stored})
    assert driver.command("forecast", {"heater": "bed", "target": 60})[0]["result"]["eta_seconds"] == 74
