"""From scripts and their runs to the payloads of the contract."""

from __future__ import annotations

from ..core.scripts.catalogue import Script
from ..core.scripts.run import Outcome, Past, Run, State
from .decode import Command
from .encode import Payload, cancelled, completed, failed, instant


def catalogue_entry(script: Script) -> Payload:
    """Return one entry of `scripts`."""
    return {
        "id": script.id or script.file,
        "title": script.title,
        "settings": script.settings,
        "error": script.error,
    }


def runner(state: State, run: Run | None, status: str | None, last: Past | None) -> Payload:
    """Return the body of `script`."""
    return {
        "state": state.value,
        "run_id": run.run_id if run else None,
        "id": run.script_id if run else None,
        "title": run.title if run else None,
        "status": status if run else None,
        "started_at": instant(run.started_at) if run else None,
        "last": past(last) if last else None,
    }


def past(ended: Past) -> Payload:
    """Return what is told of a run that has ended."""
    run, verdict = ended.run, ended.verdict
    return {
        "run_id": run.run_id,
        "id": run.script_id,
        "title": run.title,
        "outcome": verdict.outcome.value,
        "result": verdict.result,
        "error": verdict.error,
        "started_at": instant(run.started_at),
        "ended_at": instant(ended.ended_at),
    }


def second_reply(command: Command, ended: Past) -> Payload:
    """Return the second reply to the start of a run: how it ended."""
    verdict, run_id = ended.verdict, ended.run.run_id
    if verdict.outcome is Outcome.FINISHED:
        return completed(command, verdict.result, run_id=run_id)
    if verdict.outcome is Outcome.CANCELLED:
        return cancelled(command, run_id=run_id)
    return failed(command, verdict.code or "", sentence(verdict.error or ""), verdict.result, run_id=run_id)


def sentence(words: str) -> str:
    """Return `words` with a full stop at the end, and a capital at the beginning unless that is no word: "run() …"."""
    if words.partition(" ")[0].isalpha():
        words = words[:1].upper() + words[1:]
    return words + ("" if words.endswith((".", "!", "?")) else ".")
