"""Availability: Home Assistant's rules for it, one row each."""

from typing import Any

import pytest

from ha_discovery import Availability, AvailabilityTopic, DiscoveryError

REFUSED: list[tuple[Any, str]] = [
    (lambda: AvailabilityTopic("kiln/+"), "availability.topic"),
    (lambda: AvailabilityTopic("t", payload_available=True), "availability.payload_available"),  # type: ignore[arg-type]
    (lambda: AvailabilityTopic("t", payload_available="offline"), "availability.payload_not_available"),
    (lambda: Availability((AvailabilityTopic("t"), AvailabilityTopic("t"))), "availability.topics"),
    (lambda: Availability(("t",)), "availability.topics"),  # type: ignore[arg-type]
    (lambda: Availability((), mode="most"), "availability.mode"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("make", "where"), REFUSED)
def test_it_is_refused_with_key_and_rule(make: Any, where: str) -> None:
    with pytest.raises(DiscoveryError) as refused:
        make()
    assert refused.value.where == where
