"""The notification about a movement that is refused."""

from __future__ import annotations

from octoprint_temp_eta.bridge.protocol.effects import Page
from octoprint_temp_eta.bridge.protocol.script_inputs import MotionRefused
from octoprint_temp_eta.bridge.scripts.refused_motion import NOTIFY_EVERY_S
from tests.support.script_bridge_driver import ScriptBridgeDriver


def test_refused_motion_is_shown_once_for_the_lines_of_a_button() -> None:
    driver = ScriptBridgeDriver()
    driver.run()
    mark = len(driver.effects)
    for line in ("G91", "G0 X1", "G90"):
        driver.handle(MotionRefused(line))
    (page,) = [effect for effect in driver.effects[mark:] if isinstance(effect, Page)]
    assert page.message["type"] == "notification"
    assert "Steps" in page.message["message"]
    assert page.message["refused_line"] == "G91"


def test_another_button_is_shown_after_a_while_and_nothing_without_a_run() -> None:
    driver = ScriptBridgeDriver()
    assert driver.handle_all(MotionRefused("G28")) == []
    driver.run()
    for line in ("G28", "G1 X1"):
        mark = len(driver.effects)
        driver.handle(MotionRefused(line))
        assert [each.message["refused_line"] for each in driver.effects[mark:] if isinstance(each, Page)] == [line]
        driver.advance(NOTIFY_EVERY_S)
