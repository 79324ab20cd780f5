"""Scripts in an OctoPrint without a broker: write them, start them over REST, read their results."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from tests.support.octoprint import OctoPrint
from tests.support.scripts import add_script
from tests.support.waiting import eventually

PATH = "/api/plugin/temp_eta"
#: Sends a line and returns its reply or error.
ASK = """
def ask(line):
    try:
        return self.g.write(line, resp_needed=True)
    except RuntimeError as error:
        return f"error: {error}"
"""


def post(octoprint: OctoPrint, command: str, **fields: Any) -> dict[str, Any]:
    """Send a command and return the reply, which must report success."""
    reply = octoprint.post(PATH, {"command": command, **fields})
    assert reply["success"], reply
    return dict(reply)


def start(octoprint: OctoPrint, script_id: str, body: str) -> str:
    """Write a script with `body` as its run(), start it, and return its run."""
    folder = Path(octoprint.config()["plugins"]["temp_eta"]["script_folder"])
    add_script(folder, script_id, ASK + textwrap.dedent(body))
    wait_for_script(octoprint, script_id)
    return str(post(octoprint, "script/start", id=script_id)["run_id"])


def wait_for_script(octoprint: OctoPrint, script_id: str) -> None:
    """Wait until the plugin has found a script in the folder, and knows that the printer is ready for it."""
    wait_for_printer(octoprint)
    eventually(lambda: script_id in [entry["id"] for entry in octoprint.get(PATH)["scripts"]], f"script {script_id}")


def wait_for_printer(octoprint: OctoPrint) -> None:
    """Wait until the plugin knows that the printer is ready: it hears of it later than OctoPrint reports it."""
    eventually(lambda: octoprint.get(PATH)["printer"]["state"] == "OPERATIONAL", "the plugin's printer to be ready")


def run(octoprint: OctoPrint, script_id: str, body: str) -> Any:
    """Run a script with `body` as its run(), and return what it stores under `replies`."""
    run_id = start(octoprint, script_id, body)
    last = eventually(lambda: last_run(octoprint, run_id), "the run to end", timeout=180)
    assert last["outcome"] == "finished", last
    return last["result"]["replies"]


def last_run(octoprint: OctoPrint, run_id: str) -> dict[str, Any] | None:
    """Return the result of the run once the next one can start, else None."""
    script = octoprint.get(PATH)["script"]
    last = script["last"]
    return dict(last) if last and last["run_id"] == run_id and script["state"] == "idle" else None
