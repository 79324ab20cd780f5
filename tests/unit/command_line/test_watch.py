"""The table of `temp_eta:watch`, from messages that may contain anything."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from octoprint_temp_eta.bridge.protocol.inputs import MessageArrived
from octoprint_temp_eta.command_line.watch import HEADER, MAX_HEATERS, MAX_PRINTERS, Table, lines

BASE = "octoprint/temp_eta"
NOW = 1_795_188_600.0
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
FIELDS = ("state", "actual", "target", "eta_seconds", "timestamp", "ready_at", "cool_at")


def message(rest: str, body: Any, printer: str = "ender") -> MessageArrived:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return MessageArrived(f"{BASE}/{printer}/{rest}", payload)


def test_a_heater_counts_down_from_the_time_of_its_message():
    table = Table(BASE)
    table.update(message("status", b"online"))
    table.update(message("printer", {"status": "heating"}))
    eta = {"state": "heating", "actual": 21.04, "target": 60.0, "eta_seconds": 100, "timestamp": NOW - 30}
    table.update(message("bed/eta", eta))
    assert table.rows(NOW) == [("ender", "online", "heating", "bed", "heating", "21.0 °C", "60.0 °C", "1:10", "")]


def test_a_cleared_heater_disappears():
    table = Table(BASE)
    table.update(message("bed/eta", {"state": "off"}))
    table.update(message("bed/eta", b""))
    assert [row[3] for row in table.rows(NOW)] == [""]


def test_json_that_is_nested_too_deeply_changes_nothing():
    table = Table(BASE)
    assert not table.update(message("bed/eta", b"[" * 100_000))
    assert table.rows(NOW) == []


def test_printers_and_heaters_are_bounded():
    table = Table(BASE)
    for number in range(MAX_PRINTERS + 5):
        table.update(message("status", b"online", f"p{number}"))
    for number in range(MAX_HEATERS + 5):
        table.update(message(f"h{number}/eta", {"state": "off"}, "p0"))
    assert len(table.rows(NOW)) == MAX_PRINTERS - 1 + MAX_HEATERS


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["status", "printer", "bed/eta", "x", ""]),
            st.binary(max_size=30) | ANYTHING | st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, ANYTHING)),
            st.text(max_size=5),
        ),
        max_size=5,
    )
)
def test_no_message_breaks_the_table_or_controls_the_terminal(messages: list[tuple[str, Any, str]]):
    table = Table(BASE)
    for rest, body, printer in messages:
        table.update(message(rest, body, printer))
    rows = table.rows(NOW)
    assert all(len(row) == len(HEADER) for row in rows)
    assert all(cell.isprintable() for row in rows for cell in row)
    assert len(lines(rows)) == len(rows) + 1
