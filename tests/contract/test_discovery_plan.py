"""After any sequence of announcements, Home Assistant has exactly the components of the last one."""

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from ha_discovery import (
    Announced,
    Announcement,
    Button,
    Component,
    Device,
    DeviceConfig,
    DeviceTrigger,
    Form,
    Origin,
    Sensor,
    plan,
)
from tests.support.simulated_home_assistant import HomeAssistant


def component(key: str, platform: str, name: str, disabled: bool) -> Component:
    if platform == "sensor":
        return Sensor(key=key, unique_id=name, name=name, enabled_by_default=not disabled, state_topic="t")
    if platform == "button":
        return Button(key=key, unique_id=name, name=name, enabled_by_default=not disabled, command_topic="t")
    return DeviceTrigger(key=key, type=name, subtype="s", topic="t")


class Part(NamedTuple):
    """A component, in short."""

    key: str
    platform: str
    name: str
    disabled: bool


class Wish(NamedTuple):
    """An announcement, in short."""

    form: Form
    prefix: str
    device_id: str
    identifiers: tuple[str, ...]
    parts: tuple[Part, ...]

    def announcement(self) -> Announcement:
        config = DeviceConfig(
            id=self.device_id,
            device=Device(name="Kiln", identifiers=self.identifiers),
            origin=Origin(name="tests"),
            components=tuple(component(*part) for part in self.parts),
        )
        return Announcement(config, self.form, self.prefix)


class Change(NamedTuple):
    """A new announcement. `cut`: the number of steps after which the program stops.

    `away`: the number of steps after which Home Assistant stops, or starts if it was stopped. `known`: it stays online
    and the plan is made with online=True.
    """

    wish: Wish | None
    away: int | None = None
    known: bool = False
    cut: int | None = None

    @property
    def wanted(self) -> Announcement | None:
        return self.wish.announcement() if self.wish else None


@st.composite
def several_parts(draw: st.DrawFn) -> tuple[Part, ...]:
    names = draw(st.lists(st.sampled_from(["one", "two", "three", "four"]), unique=True, max_size=3))
    keys = draw(st.permutations(["a", "b", "c"]))
    platforms = st.sampled_from(["sensor", "button", "device_automation"])
    return tuple(Part(key, draw(platforms), name, draw(st.booleans())) for key, name in zip(keys, names, strict=False))


wishes = st.builds(
    Wish,
    form=st.sampled_from(Form),
    prefix=st.sampled_from(["homeassistant", "homeassistant", "elsewhere"]),
    device_id=st.sampled_from(["m", "n"]),
    identifiers=st.sampled_from([("x",), ("y",), ("x", "z")]),
    parts=several_parts(),
)
quiet_changes = st.builds(Change, wish=st.none() | wishes, away=st.none(), cut=st.none())
interrupted_changes = st.builds(Change, wish=st.none() | wishes, away=st.none(), cut=st.none() | st.integers(0, 6))
changes = st.builds(
    Change,
    wish=st.none() | wishes,
    away=st.none() | st.integers(0, 4),
    known=st.booleans(),
    cut=st.none() | st.integers(0, 4),
)


def carry_out(home_assistant: HomeAssistant, announced: Announced, change: Change) -> Announced:
    """Carry out the plan as a program does, with a record that is stored and read back."""
    todo = plan(announced, change.wanted, online=change.known and change.away is None and home_assistant.online)
    cut = change.cut
    if home_assistant.only_loses_broker and home_assistant.online and change.away is not None:
        cut = min(change.away, len(todo.steps) if cut is None else cut)  # its will ends the plan
    for number, step in enumerate(todo.steps[:cut]):
        if number == change.away:
            (home_assistant.stop if home_assistant.online else home_assistant.start)()
        home_assistant.broker.publish(step)
    if cut is not None and cut == change.away:
        home_assistant.stop()
    stored = todo.after
    if cut is not None and todo.steps:
        stored = todo.records[max(0, min(cut, len(todo.steps)) - 1)]
    return Announced.from_json(stored.as_json())


def holds_exactly(home_assistant: HomeAssistant, wanted: Announcement | None) -> None:
    messages = wanted.messages if wanted else ()
    assert home_assistant.broker.retained == {message.topic: message.payload for message in messages}
    seen = wanted if wanted and wanted.prefix == home_assistant.prefix else None
    places = sorted(seen.places) if seen else []
    entities = {(p.platform, p.identity) for p in places if p.platform != "device_automation"}
    assert set(home_assistant.entries) == entities
    assert len(home_assistant.devices) == (1 if places else 0)
    loaded = {id_: known.topic for id_, known in home_assistant.discovered.items()}
    disabled = {identity for identity, entry in home_assistant.entries.items() if entry.disabled}
    assert loaded == {
        (p.platform, p.device_id, p.key): p.topic for p in places if (p.platform, p.identity) not in disabled
    }


@given(
    home_assistant=st.builds(
        HomeAssistant, removes_disabled=st.booleans(), prompt=st.booleans(), only_loses_broker=st.booleans()
    ),
    history=st.lists(changes, min_size=1, max_size=5),
)
def test_home_assistant_ends_with_exactly_what_is_wanted(home_assistant: HomeAssistant, history: list[Change]) -> None:
    announced = Announced()
    for change in history:
        announced = carry_out(home_assistant, announced, change)
    home_assistant.start()
    last = Change(history[-1].wish, known=True)
    announced = carry_out(home_assistant, announced, last)
    holds_exactly(home_assistant, last.wanted)
    assert announced == Announced(last.wanted.places if last.wanted else frozenset())


@given(
    home_assistant=st.builds(HomeAssistant, removes_disabled=st.booleans(), prompt=st.booleans()),
    history=st.lists(quiet_changes, min_size=1, max_size=5),
    known=st.booleans(),
)
def test_a_home_assistant_that_stays_online_logs_no_conflict(
    home_assistant: HomeAssistant, history: list[Change], known: bool
) -> None:
    """Once it is known to be online, what it may have missed is repeated, which may be a conflict."""
    announced = Announced()
    for change in history:
        announced = carry_out(home_assistant, announced, change._replace(known=known))
        holds_exactly(home_assistant, change.wanted)
    assert home_assistant.conflicts == []


@given(
    home_assistant=st.builds(HomeAssistant, removes_disabled=st.booleans(), prompt=st.booleans()),
    history=st.lists(interrupted_changes, min_size=1, max_size=5),
    known=st.booleans(),
)
def test_after_an_interrupted_plan_the_next_one_causes_no_conflict(
    home_assistant: HomeAssistant, history: list[Change], known: bool
) -> None:
    announced = Announced()
    for change in history:
        announced = carry_out(home_assistant, announced, change._replace(known=known))
    assert home_assistant.conflicts == []


@given(
    home_assistant=st.builds(HomeAssistant, removes_disabled=st.booleans(), prompt=st.booleans()),
    parts=several_parts(),
    moves=st.lists(
        st.tuples(st.sampled_from(Form), st.sampled_from(["m", "n"]), st.permutations(["a", "b", "c"])), max_size=4
    ),
)
def test_an_entity_that_moves_keeps_its_entry(
    home_assistant: HomeAssistant, parts: tuple[Part, ...], moves: list[tuple[Form, str, list[str]]]
) -> None:
    """For all changes of form, topic and key through the device form."""
    announced = Announced()
    numbers: dict[tuple[str, str], int] | None = None
    for form, device_id, keys in moves:
        for form_ in (Form.DEVICE, form):
            moved = tuple(part._replace(key=key) for part, key in zip(parts, keys, strict=False))
            change = Change(Wish(form_, "homeassistant", device_id, ("x",), moved))
            announced = carry_out(home_assistant, announced, change)
            seen = {identity: entry.number for identity, entry in home_assistant.entries.items()}
            assert seen == (numbers or seen)
            numbers = seen


@given(
    home_assistant=st.builds(HomeAssistant, removes_disabled=st.booleans(), prompt=st.booleans()),
    history=st.lists(
        st.tuples(st.sampled_from(Form), st.sets(st.sampled_from("abc")), st.none() | st.integers(0, 6)),
        min_size=1,
        max_size=5,
    ),
    restarts=st.booleans(),
)
def test_what_is_repeated_once_home_assistant_is_known_to_be_online_costs_no_entry(
    home_assistant: HomeAssistant, history: list[tuple[Form, set[str], int | None]], restarts: bool
) -> None:
    """With the user's changes in it. Plans may be interrupted, the last one is not."""
    announced = Announced()
    for form, keys, cut in [*history[:-1], (*history[-1][:2], None)]:
        parts = tuple(Part(key, "sensor", f"name of {key}", disabled=False) for key in sorted(keys))
        wish = Wish(form, "homeassistant", "m", ("x",), parts)
        announced = carry_out(home_assistant, announced, Change(wish, cut=cut))
    if restarts:
        home_assistant.stop()
        home_assistant.start()
    before = dict(home_assistant.entries)
    carry_out(home_assistant, announced, Change(wish, known=True))
    assert home_assistant.entries == before
