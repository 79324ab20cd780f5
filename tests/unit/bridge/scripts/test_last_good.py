"""A file or folder with an error keeps its scripts' buttons in Home Assistant."""

from __future__ import annotations

import json
from typing import Any

from octoprint_temp_eta.bridge.protocol.effects import Save
from octoprint_temp_eta.bridge.scripts.last_good import SCRIPT_FILES, LastGood
from octoprint_temp_eta.core.scripts.catalogue import FolderState, Script
from tests.support.bridge_driver import INSTANCE, BridgeDriver, connected

PROBE, PURGE = (Script(f"{name}.py", name.title(), name) for name in ("probe", "purge"))
BROKEN = Script("probe.py", "probe.py", error="invalid syntax")


def test_a_file_with_an_error_is_the_script_that_it_was() -> None:
    last = LastGood()
    last.update((PROBE, PURGE), complete=True)
    last.update((BROKEN, PURGE), complete=True)
    assert dict(last.offered) == {"probe": "Probe", "purge": "Purge"}
    assert (last.id_of(BROKEN), last.id_of(PURGE)) == ("probe", "purge")
    again = LastGood(json.loads(json.dumps(last.stored)))
    assert dict(again.offered) == {"probe": "Probe", "purge": "Purge"}


def test_a_file_that_is_gone_or_was_never_good_is_no_script() -> None:
    last = LastGood()
    last.update((PROBE,), complete=True)
    last.update((PURGE,), complete=False)
    assert "probe.py" in last.stored, "it may be found later"
    last.update((PURGE,), complete=True)
    assert last.offered == (("purge", "Purge"),)
    assert last.id_of(BROKEN) is None


def test_a_script_with_the_id_of_a_broken_one_comes_first_in_any_order() -> None:
    other = Script("other.py", "Other", "probe")
    last = LastGood({"other.py": ["x", "X"], "probe.py": ["probe", "Probe"]})
    last.update((other, BROKEN), complete=True)
    assert last.offered == (("probe", "Other"),)


def test_an_id_that_another_file_has_now_is_that_ones() -> None:
    last = LastGood()
    last.update((PROBE,), complete=True)
    other = Script("other.py", "Other", "probe")
    last.update((BROKEN, other), complete=True)
    assert last.offered == (("probe", "Other"),)


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


def test_a_folder_that_is_missing_keeps_its_buttons_until_it_is_there_or_another_one_is_set() -> None:
    """Its drive may not be attached, also when OctoPrint starts."""
    driver = connected(scripts=(PROBE,))
    driver.read(bed=(22.0, 0.0))
    driver.advance(60)
    stored = {save.name: save.value for save in driver.of(Save)}
    after = BridgeDriver(remembered=stored, scripts=None)
    after.connect()
    after.read(bed=(22.0, 0.0))
    after.advance(10)
    assert "start_probe" in components(after), "before the folder is read"
    for each in (driver, after):
        each.scripts = None
        each.found((), FolderState(missing=True))
        each.read(bed=(22.0, 0.0))
        each.advance(60)
        assert "start_probe" in components(each)
        assert each.state("scripts") == []
        reply = each.command("script/start", b'{"id": "probe"}')[-1]
        assert reply["error"]["code"] == "unknown_script"
    driver.found(())
    driver.advance(60)
    assert "start_probe" not in components(driver)
    after.change_settings(script_folder="/another")
    after.found((), FolderState(missing=True))
    after.advance(60)
    assert "start_probe" not in components(after)
