"""The last output of a script, in a real process."""

from __future__ import annotations

from pathlib import Path

import pytest

from octoprint_temp_eta.bridge.protocol.script_inputs import ScriptLogged
from tests.support.scripts import run, write_script


@pytest.mark.parametrize("end", ["pass", "raise ValueError('too cold')", "import sys; sys.exit(1)"])
def test_a_line_without_its_end_is_logged_too(tmp_path: Path, end: str) -> None:
    body = f"""
        import sys
        print("first")
        print("last words", end="")
        print("and a warning", end="", file=sys.stderr)
        {end}
    """
    logged = [(message.level, message.message) for message in run(write_script(tmp_path, body)).all(ScriptLogged)]
    assert ("info", "first") in logged
    assert ("info", "last words") in logged
    assert ("warning", "and a warning") in logged
