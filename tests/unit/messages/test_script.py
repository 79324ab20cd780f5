"""Payloads about scripts and their runs."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.core.scripts.catalogue import Script
from octoprint_temp_eta.core.scripts.run import Code, CompletedRun, Outcome, Run, RunResult, State
from octoprint_temp_eta.messages.decode import Command
from octoprint_temp_eta.messages.script import catalogue_entry, event_result, final_reply, runner, sentence

RUN = Run("r1", "level", "Level the bed", 1_795_188_600.0)
COMMAND = Command("script/start", transaction=7)


def test_a_file_that_cannot_be_imported_is_listed_by_its_name():
    entry = catalogue_entry(Script("bad.py", "bad.py", error="SyntaxError"))
    assert entry == {"id": "bad.py", "title": "bad.py", "settings": {}, "error": "SyntaxError"}


def test_only_a_script_with_a_description_has_the_key():
    assert catalogue_entry(Script("a.py", "A", "a", description="Does it."))["description"] == "Does it."
    assert "description" not in catalogue_entry(Script("a.py", "A", "a"))


def test_without_a_run_there_is_no_status():
    body = runner(State.IDLE, None, "left from the last run", None)
    assert body["state"] == "idle"
    assert {value for key, value in body.items() if key != "state"} == {None}


@pytest.mark.parametrize(
    ("result", "body"),
    [
        (RunResult(Outcome.FINISHED), {"success_message": ""}),
        (RunResult(Outcome.FINISHED, {"n": 1}, message="done"), {"result": {"n": 1}, "success_message": "done"}),
        (RunResult(Outcome.FAILED, message="no bed"), {"failure_reason": "no bed"}),
        (RunResult.from_error("it broke", Code.ERROR), {"error": "it broke"}),
        (RunResult(Outcome.CANCELLED), {}),
    ],
)
def test_an_event_has_the_keys_of_automation_scripts(result: RunResult, body: dict[str, object]):
    assert event_result(result) == body


@pytest.mark.parametrize(
    ("result", "status", "more"),
    [
        (RunResult(Outcome.FINISHED, {"n": 1}), "completed", {"result": {"n": 1}}),
        (RunResult(Outcome.FINISHED), "completed", {}),
        (RunResult(Outcome.CANCELLED, {"n": 1}), "cancelled", {}),
        (
            RunResult.from_error("it broke", Code.ERROR),
            "failed",
            {"error": {"code": "script_error", "message": "It broke.", "path": None}},
        ),
    ],
)
def test_the_final_reply_has_the_result_of_the_run(result: RunResult, status: str, more: dict[str, object]):
    reply = final_reply(COMMAND, CompletedRun(RUN, result, 1_795_188_700.0))
    assert reply == {"transaction": 7, "command": "script/start", "status": status, "run_id": "r1", **more}


@pytest.mark.parametrize(
    ("words", "text"),
    [("it broke", "It broke."), ("run() must return", "run() must return."), ("What?", "What?"), ("", ".")],
)
def test_a_sentence_begins_with_a_capital_unless_its_first_word_is_code(words: str, text: str):
    assert sentence(words) == text
