"""The messages from one announcement to the next."""

import json
from dataclasses import replace

import pytest

from ha_discovery import Announced, Announcement, BinarySensor, Device, DeviceTrigger, Form, Message, Plan, plan
from tests.support.kiln import announcement, sensor

DEVICE = "homeassistant/device/kiln/config"
A = "homeassistant/sensor/kiln/a/config"
B = "homeassistant/sensor/kiln/b/config"
STAGE = "the trigger of a temporary or recalled device"
TRIGGER = DeviceTrigger(key="t", type="finished", subtype="firing", topic="kiln/event")


def announced(*wanted: Announcement) -> Announced:
    """Return the record after these announcements, Home Assistant being online."""
    done = Announced()
    for each in wanted:
        done = plan(done, each, online=True).after
    return done


def summary(message: Message) -> tuple[str, object]:
    """Return topic and content of a message; of a configuration only its kind. All but recalls are retained."""
    value = json.loads(message.payload) if message.payload else {}
    parts = value.get("components", {})
    content: object = value
    if not value:
        content = "clear"
    elif parts and all(set(part) == {"platform"} for part in parts.values()):
        content = parts
    elif "device" in value:
        content = "announce" if message.retain else "recall"
    assert message.retain == (content != "recall")
    return STAGE if "/device_automation/kiln/ha_discovery_departed_" in message.topic else message.topic, content


def steps(todo: Plan) -> list[list[tuple[str, object]]]:
    return [[summary(message) for message in step] for step in todo.steps]


def test_the_first_announcement() -> None:
    todo = plan(Announced(), announcement(sensor("a")))
    assert steps(todo) == [[(DEVICE, "announce")]]
    assert todo.steps[0] == announcement(sensor("a")).messages
    assert todo.before == todo.after == Announced(announcement(sensor("a")).places)


def test_announcing_again_is_the_same_message_again() -> None:
    wanted = announcement(sensor("a"))
    assert plan(announced(wanted), wanted).steps == (wanted.messages,)


def test_a_change_updates_in_place() -> None:
    todo = plan(announced(announcement(sensor("a"))), announcement(sensor("a", icon="mdi:fire"), sensor("b")))
    assert steps(todo) == [[(DEVICE, "announce")]]


def test_a_removed_component_is_removed_explicitly_recalled_and_dismissed() -> None:
    todo = plan(announced(announcement(sensor("a"), sensor("b"))), announcement(sensor("a")), online=True)
    assert steps(todo) == [
        [(DEVICE, {"b": {"platform": "sensor"}})],
        [(B, "recall"), (STAGE, "recall")],
        [(B, "clear"), (STAGE, "clear")],
        [(DEVICE, "announce")],
    ]
    recalled, trigger = (json.loads(message.payload) for message in todo.steps[1])
    assert recalled["unique_id"] == "kiln_b"
    assert recalled["device"] == trigger["device"]
    assert recalled["device"]["identifiers"] == ["kiln_ha_discovery_departed"]


def test_a_removed_trigger_leaves_nothing_to_recall() -> None:
    todo = plan(announced(announcement(sensor("a"), TRIGGER)), announcement(sensor("a")))
    assert steps(todo) == [[(DEVICE, {"t": {"platform": "device_automation"}})], [(DEVICE, "announce")]]
    assert todo.after.departed == frozenset()


def test_components_of_two_platforms_are_removed_in_two_messages() -> None:
    door = BinarySensor(key="door", unique_id="door", name="Door", state_topic="t")
    todo = plan(announced(announcement(sensor("a"), sensor("b"), door)), announcement(sensor("a")))
    assert steps(todo)[0] == [
        (DEVICE, {"door": {"platform": "binary_sensor"}}),
        (DEVICE, {"b": {"platform": "sensor"}}),
    ]


def test_a_key_that_another_entity_gets_is_removed_first() -> None:
    todo = plan(announced(announcement(sensor("a", "one"), sensor("b"))), announcement(sensor("a", "two"), sensor("b")))
    assert steps(todo) == [
        [(DEVICE, {"a": {"platform": "sensor"}})],
        [(A, "recall"), (STAGE, "recall")],
        [(A, "clear"), (STAGE, "clear")],
        [(DEVICE, "announce")],
    ]


def test_a_single_component_is_removed_by_clearing_its_topic() -> None:
    before = announcement(sensor("a"), sensor("b"), form=Form.SINGLE)
    todo = plan(announced(before), announcement(sensor("a"), form=Form.SINGLE))
    assert steps(todo) == [
        [(B, "clear")],
        [(B, "recall"), (STAGE, "recall")],
        [(B, "clear"), (STAGE, "clear")],
        [(A, "announce")],
    ]


@pytest.mark.parametrize(("form", "topic"), [(Form.DEVICE, DEVICE), (Form.SINGLE, A)])
def test_switching_off_clears_the_topics_and_recalls_the_entities_then_the_device(form: Form, topic: str) -> None:
    todo = plan(announced(announcement(sensor("a"), form=form)), None, online=True)
    assert steps(todo) == [
        [(topic, "clear")],
        [(A, "recall"), (STAGE, "recall")],
        [(A, "clear"), (STAGE, "clear")],
        [(STAGE, "recall")],
        [(STAGE, "clear")],
    ]
    assert [json.loads(todo.steps[step][-1].payload)["device"]["identifiers"] for step in (1, 3)] == [
        ["kiln_ha_discovery_departed"],
        ["kiln"],
    ]
    assert todo.after == Announced()
    assert plan(todo.after, None).steps == ()


def test_from_single_to_device() -> None:
    single, device = (announcement(sensor("a"), sensor("b"), form=form) for form in (Form.SINGLE, Form.DEVICE))
    assert steps(plan(announced(single), device)) == [
        [(A, {"migrate_discovery": True}), (A, "clear"), (B, {"migrate_discovery": True}), (B, "clear")],
        [(DEVICE, "announce")],
    ]


def test_from_device_to_single() -> None:
    single, device = (announcement(sensor("a"), sensor("b"), form=form) for form in (Form.SINGLE, Form.DEVICE))
    assert steps(plan(announced(device), single)) == [
        [(DEVICE, {"migrate_discovery": True}), (DEVICE, "clear")],
        [(A, "announce"), (B, "announce")],
    ]


def test_another_id_in_topics_moves_the_device() -> None:
    todo = plan(announced(announcement(sensor("a"))), announcement(sensor("a"), id="oven"))
    assert steps(todo) == [
        [(DEVICE, {"migrate_discovery": True}), (DEVICE, "clear")],
        [("homeassistant/device/oven/config", "announce")],
    ]


def test_another_key_moves_the_entity_on_the_same_topic() -> None:
    todo = plan(announced(announcement(sensor("a", "one"))), announcement(sensor("b", "one")))
    assert steps(todo) == [[(DEVICE, {"migrate_discovery": True})], [(DEVICE, "announce")]]


def test_between_single_topics_an_entity_is_removed_and_announced_again() -> None:
    before, after = (announcement(sensor("a"), form=Form.SINGLE, id=name) for name in ("kiln", "oven"))
    assert steps(plan(announced(before), after)) == [
        [(A, "clear")],
        [("homeassistant/sensor/oven/a/config", "announce")],
    ]


def test_under_another_prefix_everything_is_removed_and_announced_again() -> None:
    before = announcement(sensor("a"))
    todo = plan(announced(before), replace(before, prefix="ha"))
    assert steps(todo) == [
        [(DEVICE, "clear")],
        [(A, "recall"), (STAGE, "recall")],
        [(A, "clear"), (STAGE, "clear")],
        [("ha/device/kiln/config", "announce")],
        [(STAGE, "recall")],
        [(STAGE, "clear")],
    ]


def test_another_device_on_the_same_topic_replaces_the_first() -> None:
    other = announcement(sensor("a"), device=Device(name="Oven", identifiers=("oven",)))
    todo = plan(announced(announcement(sensor("a"))), other)
    assert steps(todo) == [[(DEVICE, "clear")], [(DEVICE, "announce")], [(STAGE, "recall")], [(STAGE, "clear")]]
    assert json.loads(todo.steps[2][0].payload)["device"]["identifiers"] == ["kiln"]


def test_a_device_with_one_more_identifier_stays() -> None:
    more = announcement(sensor("a"), device=Device(name="Kiln", identifiers=("kiln", "oven")))
    assert steps(plan(announced(announcement(sensor("a"))), more)) == [[(DEVICE, "announce")]]


def test_what_was_removed_unseen_is_recalled_until_home_assistant_is_known_to_be_online() -> None:
    left = announcement(sensor("a"))
    unseen = plan(announced(announcement(sensor("a"), sensor("b"))), left).after
    assert {place.identity for place in unseen.departed if place.platform == "sensor"} == {"kiln_b"}
    again = plan(unseen, left)
    assert again.after.departed == unseen.departed
    assert plan(again.after, left).after == again.after, "nothing more is remembered"
    (announce, recall, dismiss) = steps(again)
    assert [content for _, content in recall] == ["recall", "recall"]
    assert [(topic, "clear") for topic, _ in recall] == dismiss
    assert announce == [(DEVICE, "announce")]
    assert B not in {topic for topic, _ in recall}, "another component may use its old key"
    assert plan(unseen, left, online=True).after.departed == frozenset()


def test_what_has_moved_unseen_is_released_once_home_assistant_is_known_to_be_online() -> None:
    """It lost the broker without stopping: it knows the old place, for which the new one is a conflict."""
    single, device = (announcement(sensor("a"), form=form) for form in (Form.SINGLE, Form.DEVICE))
    unseen = plan(announced(device), single).after
    assert unseen.former == device.places
    assert steps(plan(unseen, single)) == [[(A, "announce")]]
    again = plan(unseen, single, online=True)
    assert steps(again) == [[(DEVICE, {"migrate_discovery": True}), (DEVICE, "clear")], [(A, "announce")]]
    assert device.places <= again.before.places, "it may be interrupted"
    assert again.after == announced(single)
    assert plan(announced(device), single, online=True).after == announced(single)


def test_what_was_removed_unseen_is_removed_again_once_home_assistant_is_known_to_be_online() -> None:
    unseen = plan(announced(announcement(sensor("a"))), None).after
    removed, recalled, *_ = steps(plan(unseen, None, online=True))
    assert removed == [(DEVICE, "clear")]
    assert [content for _, content in recalled] == ["recall", "recall"]


def test_a_place_that_is_used_again_is_no_former_one() -> None:
    single, device = (announcement(sensor("a"), form=form) for form in (Form.SINGLE, Form.DEVICE))
    there_and_back = plan(plan(announced(device), single).after, device).after
    assert there_and_back.former == single.places


def test_what_was_removed_unseen_and_is_announced_again_is_not_recalled() -> None:
    both, one = announcement(sensor("a"), sensor("b")), announcement(sensor("a"))
    unseen = plan(announced(both), one).after
    announce, *rest = plan(unseen, both).steps
    assert announce == both.messages
    assert not [message for step in rest for message in step if "kiln_b" in message.payload]


def test_the_next_plan_cleans_up_after_an_interrupted_one() -> None:
    both, one = announcement(sensor("a"), sensor("b")), announcement(sensor("a"))
    cut = plan(announced(both), one)
    assert cut.before.places >= both.places | one.places
    assert steps(plan(cut.before, one))[0][0] == (DEVICE, {"b": {"platform": "sensor"}})


def test_a_recall_that_was_interrupted_is_cleared_before_the_device() -> None:
    """Clearing the device's topic also concerns its components on single topics, and would be a conflict."""
    left = announcement(sensor("a"))
    unseen = plan(announced(announcement(sensor("a"), sensor("b"))), left).after
    again = plan(unseen, left)
    _, recall, _ = steps(again)
    first, second, *_ = steps(plan(again.records[1], None))
    assert [(topic, "clear") for topic, _ in recall] == first
    assert second == [(DEVICE, "clear")]


def test_what_is_announced_where_it_was_being_recalled_is_not_cleared_once_home_assistant_is_online() -> None:
    """It would lose what the user has changed in Home Assistant, such as the entity's name, at its next start."""
    both, one = (announcement(*sensors, form=Form.SINGLE) for sensors in ((sensor("a"), sensor("b")), (sensor("a"),)))
    removal = plan(announced(both), one)
    (number,) = (number for number, step in enumerate(steps(removal)) if (B, "recall") in step)
    back = plan(removal.records[number], both)
    assert (A, "announce") in steps(back)[1]
    at_birth = plan(back.after, both, online=True)
    assert not {(A, "clear"), (B, "clear")} & {message for step in steps(at_birth) for message in step}
    assert at_birth.after == announced(both)


def test_each_step_has_a_record_of_what_home_assistant_may_have_meanwhile() -> None:
    both, one = announcement(sensor("a"), sensor("b")), announcement(sensor("a"))
    todo = plan(announced(both), one)
    removal, recall, dismissal, announce = todo.records
    assert removal == todo.before
    assert removal.places == both.places
    assert recall == dismissal
    assert {place.topic for place in recall.places if place.identity == "kiln_b"} == {B}
    assert announce.places == one.places
    assert {place.identity for place in announce.departed} >= {"kiln_b"}


def test_what_was_removed_at_several_places_is_recalled_in_one_step() -> None:
    here, there, now = (announcement(sensor("a", f"{name}_a"), id=name, device=Device(name="Kiln", identifiers=(name,)))
                        for name in ("here", "there", "now"))  # fmt: skip
    unseen = plan(plan(announced(here), there).after, now).after
    assert {place.device_id for place in unseen.departed} == {"here", "there"}
    announce, recall, dismiss, *_ = steps(plan(unseen, now))
    assert [content for _, content in announce] == ["announce"]
    assert {topic.split("/")[2] for topic, content in recall if content == "recall"} == {"here", "there"}
    assert [(topic, "clear") for topic, _ in recall] == dismiss
