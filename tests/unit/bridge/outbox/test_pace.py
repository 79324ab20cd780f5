"""How many messages a second are sent."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.bridge.outbox.pace import FIRST_PER_S, RATE_TOO_HIGH, SLOWEST_PER_S, Pace
from octoprint_temp_eta.bridge.protocol.inputs import BrokerLost
from octoprint_temp_eta.core.clock import Now
from tests.support.bridge_driver import BridgeDriver


def sent_in(pace: Pace, seconds: float, start: float = 0.0) -> int:
    """Return how many messages may be sent in these seconds, with ten looks per second."""
    count = 0
    for step in range(round(10 * seconds) + 1):
        while pace.allows(Now(start + step / 10, 0.0)):
            pace.sent()
            count += 1
            if count > 1000:
                return count
    return count


def test_there_is_no_limit_before_the_broker_complains():
    assert sent_in(Pace(), 0.0) > 1000


@pytest.mark.parametrize(
    ("complaints", "per_s"), [(1, FIRST_PER_S), (2, FIRST_PER_S / 2), (3, 2.0), (9, SLOWEST_PER_S)]
)
def test_each_complaint_halves_the_pace(complaints: int, per_s: float):
    pace = Pace()
    for _ in range(complaints):
        pace.slow_down(Now(0.0, 0.0))
    assert sent_in(pace, 60.0) == pytest.approx(60 * per_s, abs=1)


def test_a_long_pause_saves_up_no_burst():
    pace = Pace()
    pace.slow_down(Now(0.0, 0.0))
    assert sent_in(pace, 0.0, start=3600.0) == FIRST_PER_S / 2


def test_the_states_arrive_at_a_broker_that_ends_connections_with_too_many_messages():
    driver = BridgeDriver(ha_discovery_mode="per_entity")
    driver.printer()
    driver.connect()
    driver.advance(5.0)
    states = set(driver.retained)
    driver.handle(BrokerLost(1, "message rate too high", RATE_TOO_HIGH))
    driver.connect(forget=True)
    seconds = [len(driver.advance(1.0)) for _ in range(len(states))]
    assert max(seconds) <= FIRST_PER_S < len(states)
    assert set(driver.retained) == states


def test_saved_settings_end_the_limit():
    driver = BridgeDriver(ha_discovery_enabled=False)
    driver.connect()
    pace = driver.bridge._outbox.limits.pace
    for changed in ({"ha_discovery_enabled": True}, {"mqtt_broker_host": "other.test"}):
        pace.slow_down(driver.now)
        driver.change_settings(**changed)
        assert pace.per_s is None
