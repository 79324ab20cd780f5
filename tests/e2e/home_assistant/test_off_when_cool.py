"""The blueprint that switches a printer off, in a real Home Assistant, with every kind of cool-down.

The printers are bridges with a simulated clock, so that an hour of cooling takes no time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.e2e.home_assistant.test_examples import EXAMPLES, needs_triggers
from tests.support import curves
from tests.support.bridge_driver import BridgeDriver
from tests.support.full_stack import FullStack
from tests.support.mqtt_client import Observer
from tests.support.printer_lines import profile
from tests.support.waiting import eventually

pytestmark = [pytest.mark.home_assistant, pytest.mark.slow, pytest.mark.timeout(600)]

#: A cool-down: what happens until the printer is still warm, and then until it is cool.
CoolDown = Iterator[None]
BLUEPRINT = "temp_eta/off_when_cool.yaml"


def beside_a_warm_chamber(driver: BridgeDriver) -> CoolDown:
    """The enclosure has 33 °C in summer, above its threshold, and does not cool."""
    driver.printer(profile=profile(chamber=True))
    driver.heat("chamber", curves.resting(33.0, lasting=600))
    driver.heat("bed", curves.heating(60.0))
    driver.heat("bed", curves.cooling(60.0, lasting=60))
    yield
    driver.heat("bed", curves.cooling(50.0, lasting=1800))


def found_hot_after_a_restart(driver: BridgeDriver) -> CoolDown:
    """OctoPrint was restarted after a print."""
    driver.heat("bed", curves.cooling(60.0, lasting=60))
    yield
    driver.heat("bed", curves.cooling(50.0, lasting=1800))


def below_what_is_reachable(driver: BridgeDriver) -> CoolDown:
    """The room has 36 °C, more than the threshold."""
    driver.change_settings(cooldown_target_bed=30)
    driver.heat("bed", curves.heating(60.0, start=36.0))
    driver.heat("bed", curves.cooling(60.0, to=36.0, lasting=60))
    yield
    driver.heat("bed", curves.cooling(55.0, to=36.0, lasting=7200))


def with_a_lowered_threshold(driver: BridgeDriver) -> CoolDown:
    """The bed had cooled to its threshold, which was lowered then."""
    driver.change_settings(cooldown_target_bed=45)
    driver.heat("bed", curves.heating(60.0))
    driver.heat("bed", curves.cooling(60.0, lasting=300))
    assert driver.eta()["state"] == "cooled_down"
    driver.change_settings(cooldown_target_bed=30)
    driver.heat("bed", curves.cooling(36.0, lasting=10))
    yield
    driver.heat("bed", curves.cooling(35.0, lasting=1800))


def of_a_disconnected_printer(driver: BridgeDriver) -> CoolDown:
    """The printer was disconnected while its bed was hot, and its hotend had cooled down."""
    driver.printer(profile=profile())
    bed = curves.chain(curves.heating(60.0), curves.cooling(60.0, lasting=120))
    tool = curves.chain(curves.heating(60.0), curves.cooling(60.0, tau=40.0, lasting=120))
    begin = driver.now.at
    for (second, *of_bed), (_, *of_tool) in zip(bed, tool, strict=True):
        driver.advance(begin + second - driver.now.at)
        driver.read(bed=tuple(of_bed), tool0=tuple(of_tool))
    assert driver.eta("tool0")["state"] == "cooled_down"
    driver.printer(connected=False, state="OFFLINE")
    driver.advance(10)
    yield
    driver.advance(2400, tick=1.0)
    assert driver.eta()["extrapolated"]


KINDS: dict[str, Callable[[BridgeDriver], CoolDown]] = {
    name.replace("_", "-"): kind
    for name, kind in {
        "warm_chamber": beside_a_warm_chamber,
        "found_hot": found_hot_after_a_restart,
        "unreachable": below_what_is_reachable,
        "lowered": with_a_lowered_threshold,
        "disconnected": of_a_disconnected_printer,
    }.items()
}


class Printer:
    """A simulated printer with a plug, which Home Assistant sees."""

    def __init__(self, name: str, stack: FullStack, observer: Observer) -> None:
        self.device = f"temp_eta_{name}"
        self.automation = f"off_when_cool_{name}".replace("-", "_")
        self._stack, self._observer = stack, observer
        self.driver = BridgeDriver(mqtt_custom_identifier=name, ha_discovery_mode=stack.mode)
        self.driver.connect()
        self.driver.printer()
        self.cool_down = KINDS[name](self.driver)
        self.plug = f"input_boolean.{name}".replace("-", "_")
        if stack.ha.state(self.plug) is None:
            stack.ha.ask("input_boolean/create", name=name)
            eventually(lambda: stack.ha.state(self.plug) is not None, "the plug")
        stack.ha.call("input_boolean.turn_on", entity_id=self.plug)

    def go_on(self) -> None:
        """Go on with the cool-down, and pass the newest states to Home Assistant."""
        next(self.cool_down, None)
        for topic, payload in self.driver.retained.items():
            self._observer.publish(topic, payload, retain=True)

    def switch_off_when_cool(self) -> None:
        """Use the blueprint."""
        ha = self._stack.ha
        eventually(lambda: ha.devices(self.device), "the device", 30)
        inputs = {
            "printer": ha.devices(self.device)[0]["id"],
            "plug": {"entity_id": self.plug},
            "delay": {"seconds": 2},
        }
        ha.automate(self.automation, {"use_blueprint": {"path": BLUEPRINT, "input": inputs}})

    def state(self, key: str) -> str | None:
        """Return the attribute `code` of an entity of this printer."""
        return str(self._stack.ha.entities(self.device)[key].attributes.get("code"))

    @property
    def checked(self) -> bool:
        """Whether Home Assistant has checked the blueprint's conditions, and found that they do not hold."""
        runs = self._stack.ha.ask("trace/list", domain="automation", item_id=self.automation)
        return any(run["script_execution"] == "failed_conditions" for run in runs)

    @property
    def on(self) -> bool:
        """Whether the plug is on."""
        return self._stack.ha.state(self.plug) == "on"

    def remove(self) -> None:
        """Remove the printer's device and its automation."""
        self._stack.ha.forget_automation(self.automation)
        for topic in self.driver.retained:
            self._observer.publish(topic, b"", retain=True)


@pytest.fixture
def printers(full_stack: FullStack) -> Iterator[dict[str, Printer]]:
    needs_triggers(full_stack)
    text = (EXAMPLES / "off_when_cool.yaml").read_text()
    full_stack.ha.ask("blueprint/save", domain="automation", path=BLUEPRINT, yaml=text, allow_override=True)
    with Observer(full_stack.listener) as observer:
        printers = {name: Printer(name, full_stack, observer) for name in KINDS}
        yield printers
        for printer in printers.values():
            printer.remove()


def test_each_kind_of_cool_down_ends_with_the_printer_switched_off(
    printers: dict[str, Printer],
) -> None:
    for printer in printers.values():
        printer.go_on()
        printer.switch_off_when_cool()
    eventually(
        lambda: {printer.state("bed_state") for printer in printers.values()} == {"cooling"},
        "the states in Home Assistant",
    )
    eventually(lambda: all(printer.checked for printer in printers.values()), "a check by the blueprint", 90, poll=1.0)
    assert all(printer.on for printer in printers.values())
    for printer in printers.values():
        printer.go_on()
    eventually(lambda: not any(printer.on for printer in printers.values()), "all plugs to be off", 150, poll=1.0)
    assert {printer.driver.eta()["state"] for printer in printers.values()} == {"cooled_down"}
