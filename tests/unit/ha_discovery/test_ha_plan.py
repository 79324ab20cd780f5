"""From what was announced to what is wanted."""

from ha_discovery import Announced, Announcement, Device, DeviceConfig, Origin, Sensor, plan


def kiln(*keys: str) -> DeviceConfig:
    return DeviceConfig(
        id="kiln",
        device=Device(name="Kiln", identifiers=("kiln",)),
        origin=Origin(name="tests"),
        components=tuple(Sensor(key=key, unique_id=f"kiln_{key}", name=key, state_topic="kiln/state") for key in keys),
    )


def test_the_first_announcement_is_one_retained_message() -> None:
    todo = plan(Announced(), Announcement(kiln("a", "b")))
    assert [[(m.topic, m.retain) for m in step] for step in todo.steps] == [
        [("homeassistant/device/kiln/config", True)]
    ]


def test_a_removed_component_is_removed_in_so_many_words_before_the_clean_payload() -> None:
    announced = plan(Announced(), Announcement(kiln("a", "b"))).after
    remove, _, _, announce = plan(announced, Announcement(kiln("a"))).steps
    assert [m.payload for m in remove] == [
        '{"components":{"b":{"platform":"sensor"}},"device":{"identifiers":["kiln"],"name":"Kiln"},"origin":{"name":"tests"}}'
    ]
    assert [m.retain for m in remove] == [False]
    assert announce == Announcement(kiln("a")).messages
