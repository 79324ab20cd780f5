"""Every platform can be recalled and dismissed when its last entity is removed."""

import json

import pytest

from ha_discovery import Entity, plan
from tests.support.kiln import announcement, kiln, sensor
from tests.unit.ha_discovery.planning.test_plan import announced


@pytest.mark.parametrize("platform", Entity.platforms.values())
def test_an_entity_of_each_platform_is_recalled_under_its_identity_and_then_cleared(platform: type[Entity]) -> None:
    last = platform(key="last", unique_id="kiln_last", name="Last", enabled_by_default=False, **platform.least)
    todo = plan(announced(announcement(sensor("a"), last)), announcement(sensor("a")), online=True)
    topic = f"homeassistant/{platform.platform}/kiln/last/config"
    [recalled] = [m for step in todo.steps for m in step if m.topic == topic and m.payload]
    assert not recalled.retain
    payload = json.loads(recalled.payload)
    assert (payload["unique_id"], payload["enabled_by_default"]) == ("kiln_last", False)
    assert payload["device"]["identifiers"] != list(kiln().device.identifiers)
    assert [m.payload for step in todo.steps for m in step if m.topic == topic] == [recalled.payload, ""]
