"""Payloads about scripts and their runs."""

from __future__ import annotations

from ..core.scripts.catalogue import Script
from ..core.scripts.run import CompletedRun, Outcome, Run, RunResult, State
from .decode import Command
from .encode import Payload, cancelled, completed, failed, instant


def catalogue_entry(script: Script) -> Payload:
    """Return one entry of `scripts`."""
    entry: Payload = {
        "id": script.id or script.file,
        "title": script.title,
        "settings": script.settings,
        "error": script.error,
    }
    return entry if script.description is None else {**entry, "description": script.description}


def runner(state: State, run: Run | None, status: str | None, last: CompletedRun | None) -> Payload:
    """Return the body of `script`."""
    return {
        "state": state.value,
        "run_id": run.run_id if run else None,
        "id": run.script_id if run else None,
        "title": run.title if run else None,
        "status": status if run else None,
        "started_at": instant(run.started_at) if run else None,
        "last": completed_run(last) if last else None,
    }


def completed_run(completed: CompletedRun) -> Payload:
    """Return the payload of a completed run."""
    run, result = completed.run, completed.result
    return {
        "run_id": run.run_id,
        "id": run.script_id,
        "title": run.title,
        "outcome": result.outcome.value,
        "result": result.storage,
        "error": result.error,
        "started_at": instant(run.started_at),
        "ended_at": instant(completed.ended_at),
    }


def event_result(result: RunResult) -> Payload:
    """Return the additional keys of the event at the end of a run.

    `success_message` and `failure_reason` are the keys of OctoPrint-Automation-Scripts: subscriptions may use them, so
    they are always there.
    """
    body: Payload = {}
    if result.storage is not None:
        body["result"] = result.storage
    if result.error is not None:
        body["error"] = result.error
    if result.outcome is Outcome.FINISHED:
        body["success_message"] = result.message or ""
    elif result.outcome is Outcome.FAILED:
        body["failure_reason"] = result.message or ""
    return body


def final_reply(command: Command, ended: CompletedRun) -> Payload:
    """Return the final reply to a start command: the result of the run."""
    result, run_id = ended.result, ended.run.run_id
    if result.outcome is Outcome.FINISHED:
        return completed(command, result.storage, run_id=run_id)
    if result.outcome is Outcome.CANCELLED:
        return cancelled(command, run_id=run_id)
    return failed(command, result.code or "", sentence(result.error or ""), result.storage, run_id=run_id)


def sentence(words: str) -> str:
    """Return `words` with a capital first letter and a full stop; a first word such as "run()" stays as it is."""
    if words.partition(" ")[0].isalpha():
        words = words[:1].upper() + words[1:]
    return words + ("" if words.endswith((".", "!", "?")) else ".")
