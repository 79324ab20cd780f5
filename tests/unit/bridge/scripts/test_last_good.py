"""A file with an error keeps its script's button in Home Assistant."""

from __future__ import annotations

import json
from typing import Any

from octoprint_temp_eta.bridge.protocol.effects import Save
from octoprint_temp_eta.bridge.scripts.last_good import SCRIPT_FILES, LastGood
from octoprint_temp_eta.core.scripts.catalogue import Script
from tests.support.bridge_driver import INSTANCE, BridgeDriver, connected

PROBE, PURGE = (Script(f"{name}.py", name.title(), name) for name in ("probe", "purge"))
BROKEN = Script("probe.py", "probe.py", error="invalid syntax")


def test_a_file_with_an_error_is_the_script_that_it_was() -> None:
    last = LastGood()
    last.update((PROBE, PURGE), complete=True)
    last.update((BROKEN, PURGE), complete=True)
    assert dict(last.offered((BROKEN, PURGE))) == {"probe": "Probe", "purge": "Purge"}
    assert (last.id_of(BROKEN), last.id_of(PURGE)) == ("probe", "purge")
    again = LastGood(json.loads(json.dumps(last.stored)))
    assert dict(again.offered((BROKEN,))) == {"probe": "Probe"}


def test_a_file_that_is_gone_or_was_never_good_is_no_script() -> None:
    last = LastGood()
    last.update((PROBE,), complete=True)
    last.update((PURGE,), complete=False)
    assert "probe.py" in last.stored, "it may be found later"
    last.update((PURGE,), complete=True)
    assert last.offered((BROKEN, PURGE)) == (("purge", "Purge"),)
    assert last.id_of(BROKEN) is None


def test_an_id_that_another_file_has_now_is_that_ones() -> None:
    last = LastGood()
    last.update((PROBE,), complete=True)
    other = Script("other.py", "Other", "probe")
    last.update((BROKEN, other), complete=True)
    assert last.offered((BROKEN, other)) == (("probe", "Other"),)


# In the bridge


def components(driver: BridgeDriver) -> dict[str, Any]:
    return dict(json.loads(driver.retained[f"homeassistant/device/temp_eta_{INSTANCE}/config"])["components"])


def test_a_file_that_is_saved_half_edited_keeps_its_button_also_over_a_restart() -> None:
    driver = connected(scripts=(PROBE,))
    driver.read(bed=(22.0, 0.0))
    driver.advance(60)
    driver.scripts = (BROKEN,)
    driver.advance(60)
    assert "start_probe" in components(driver)
    reply = driver.command("script/start", b'{"id": "probe"}')[-1]
    assert reply["error"]["code"] == "broken_script"
    stored = {save.name: save.value for save in driver.of(Save)}
    after = BridgeDriver(remembered=stored, scripts=(BROKEN,))
    after.connect()
    after.advance(60)
    assert "start_probe" in components(after)
    after.scripts = ()
    after.advance(60)
    assert "start_probe" not in components(after)
    assert [save.value for save in after.of(Save) if save.name == SCRIPT_FILES][-1] == {}
