"""Log records and printed text of a script, at a bounded rate."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from octoprint_temp_eta.script_child.channel import log
from octoprint_temp_eta.script_child.channel.channel import Channel
from octoprint_temp_eta.script_child.channel.log import BURST, MAX_TEXT, NAME, Handler, Stream


class Sent(Channel):
    """A channel that keeps what is sent."""

    def __init__(self) -> None:
        super().__init__(-1, -1)
        self.messages: list[dict[str, Any]] = []

    def send(self, kind: str, **values: Any) -> None:
        self.messages.append({"kind": kind, **values})


@pytest.fixture
def restored() -> Iterator[None]:
    """Undo what `log.to` does to the logging and the streams of a process."""
    root, streams = logging.getLogger(), (sys.stdout, sys.stderr)
    handlers, level, raises = list(root.handlers), root.level, logging.raiseExceptions
    yield
    root.handlers, logging.raiseExceptions = handlers, raises
    root.setLevel(level)
    sys.stdout, sys.stderr = streams


def record(level: int, text: str) -> logging.LogRecord:
    return logging.LogRecord(NAME, level, "", 0, text, None, None)


@pytest.mark.parametrize(
    ("level", "name"),
    [(logging.CRITICAL, "error"), (logging.ERROR, "error"), (logging.WARNING, "warning"), (25, "info"), (5, "debug")],
)
def test_a_record_has_the_nearest_level(level: int, name: str):
    sent = Sent()
    Handler(sent).emit(record(level, "x" * (MAX_TEXT + 1)))
    assert sent.messages == [{"kind": "log", "level": name, "message": "x" * MAX_TEXT}]


def test_a_message_that_cannot_be_formatted_does_not_end_the_script():
    sent = Sent()
    Handler(sent).emit(logging.LogRecord(NAME, logging.INFO, "", 0, "%d mm", ("x",), None))
    assert [message["message"] for message in sent.messages] == [
        "A log message cannot be formatted (TypeError): '%d mm'"
    ]


def test_dropped_records_are_counted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(log.time, "monotonic", lambda: 100.0)
    sent = Sent()
    handler = Handler(sent)
    for number in range(BURST + 3):
        handler.emit(record(logging.INFO, str(number)))
    assert len(sent.messages) == BURST
    handler.flush()
    handler.flush()
    assert [message["message"] for message in sent.messages[BURST:]] == [
        "3 log lines were dropped: the rate limit is 5 lines per second"
    ]


def test_printed_lines_are_logged_when_they_are_complete(caplog: pytest.LogCaptureFixture):
    stream = Stream(logging.getLogger(NAME), logging.WARNING)
    with caplog.at_level(logging.DEBUG, NAME):
        assert stream.write("a\n\nb") == 4
        assert caplog.messages == ["a"]
        stream.write("c\n")
        stream.write("d")
        stream.end_line()
        stream.end_line()
    assert caplog.messages == ["a", "bc", "d"]


def test_a_line_without_an_end_does_not_fill_the_memory(caplog: pytest.LogCaptureFixture):
    stream = Stream(logging.getLogger(NAME), logging.INFO)
    with caplog.at_level(logging.DEBUG, NAME):
        stream.write("x" * (MAX_TEXT + 1))
    assert [len(text) for text in caplog.messages] == [MAX_TEXT + 1]


@pytest.mark.usefixtures("restored")
def test_everything_that_the_process_logs_or_prints_is_sent():
    sent = Sent()
    with log.to(sent) as logger:
        logger.debug("debug")
        logging.getLogger("library").debug("not ours")
        print("printed")
        sys.stderr.write("without an end")
    assert [(message["level"], message["message"]) for message in sent.messages] == [
        ("debug", "debug"),
        ("info", "printed"),
        ("warning", "without an end"),
    ]
