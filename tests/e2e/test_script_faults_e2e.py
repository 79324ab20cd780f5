"""Every reply belongs to its line: on a serial line with faults, and with plugins that rewrite lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import plugin_settings
from tests.support.octoprint import OctoPrint
from tests.support.rest_scripts import PATH, last_run, post, run, start
from tests.support.waiting import eventually, free_port

#: Faults of the simulated firmware at these line numbers; and every 20th line is asked for again.
FAULTS = [*(f"{number}:resend" for number in range(30, 600, 17)), "45:checksum_mismatch", "200:checksum_mismatch"]


@pytest.fixture(scope="module")
def octoprint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OctoPrint]:
    """An OctoPrint without a broker, whose serial line has faults."""
    folder = tmp_path_factory.mktemp("scripts")
    support = Path(__file__).parents[1] / "support"
    with OctoPrint(
        plugins={
            "temp_eta": plugin_settings(free_port(), script_folder=str(folder), mqtt_enabled=False),
            "virtual_printer": {"simulated_errors": FAULTS, "sendBusy": True, "busyInterval": 1},
        },
        config={
            "serial": {"alwaysSendChecksum": True, "log": True, "timeout": {"temperatureAutoreport": 1}},
        },
        plugin_files=[support / "gcode_rewriter.py"],
    ) as octoprint:
        yield octoprint


def test_replies_on_a_line_with_faults(octoprint: OctoPrint) -> None:
    replies = run(octoprint, "counts", "return True, {'replies': [ask(f'M117 {n}') for n in range(500)]}")
    assert replies == [f"echo:{number}\nok\n" for number in range(500)]
    log = (octoprint.base / "logs" / "serial.log").read_text(errors="replace")
    assert log.count("Recv: Resend:") >= 10


def test_of_two_repeated_lines_of_the_same_text_the_second_one_gets_its_reply_last(octoprint: OctoPrint) -> None:
    # The first dwell is for OctoPrint, which sends a line of its own when it first hears that the printer is busy.
    body = """
        import time

        def dwell():
            started = time.monotonic()
            return ask('G4 P1000'), time.monotonic() - started

        dwell()
        self.g.write('!!DEBUG:trigger_resend_lineno')
        reply, twice = dwell()
        return True, {'replies': [reply, twice, ask('M117 after')]}
    """
    reply, twice, after = run(octoprint, "repeats", body)
    assert (reply, after) == ("ok\n", "echo:after\nok\n")
    assert twice >= 2, "the line was executed twice"


def test_the_reply_to_a_slow_line(octoprint: OctoPrint) -> None:
    replies = run(octoprint, "waits", "return True, {'replies': [ask('G4 P3000'), ask('M117 after')]}")
    assert replies == ["ok\n", "echo:after\nok\n"]


def test_replies_next_to_plugins_that_rewrite_lines(octoprint: OctoPrint) -> None:
    lines = [
        "M117 suppress", "M117 a", "M117 take out", "M117 b", "M117 double", "M117 c", "M0", "@echo", "M117 d",
        "M80", "OCTO1", "M117 e", "M117 sleep", "M117 f", "M81",
    ]  # fmt: skip
    replies = run(octoprint, "meddled", f"return True, {{'replies': [ask(line) for line in {lines}]}}")
    suppressed = "OctoPrint did not send it: it is a blocked command, or a plugin suppressed it"
    assert dict(zip(lines, replies, strict=True)) == {
        "M117 suppress": f"error: M117 suppress: {suppressed}",
        "M117 a": "echo:a\nok\n",
        "M117 take out": "error: M117 take out: another plugin removed it from OctoPrint's queue",
        "M117 b": "echo:b\nok\n",
        "M117 double": "echo:first\nok\necho:second\nok\n",
        "M117 c": "echo:c\nok\n",
        "M0": "error: M0: M0 is one of OctoPrint's blocked commands (Settings > Serial Connection)",
        "@echo": "",
        "M117 d": "echo:d\nok\n",
        "M80": "",
        "OCTO1": "",
        "M117 e": "echo:e\nok\n",
        "M117 sleep": "echo:sleep\nok\n",
        "M117 f": "echo:f\nok\n",
        "M81": "",
    }


def test_a_lost_ok_ends_in_an_error_and_the_next_line_goes_on(octoprint: OctoPrint) -> None:
    body = """
        first = ask('M117 first')
        self.g.write('!!DEBUG:dont_answer')
        return True, {'replies': [first, ask('M117 lost'), ask('M117 after')]}
    """
    replies = run(octoprint, "loses", body)
    assert replies == ["echo:first\nok\n", "error: M117 lost: its ok was lost", "echo:after\nok\n"]


def test_a_run_after_a_line_whose_ok_was_lost_can_be_cancelled(octoprint: OctoPrint) -> None:
    """OctoPrint itself waits for that ok for ever, as the printer reports its temperatures."""
    octoprint.gcode("!!DEBUG:dont_answer", "M117 lost")
    run_id = start(octoprint, "late", "return True, {'replies': [ask('M117 after')]}")
    # A run that has sent nothing ends at once, and leaves OctoPrint waiting.
    eventually(lambda: octoprint.get(PATH)["script"]["state"] == "running", "a line of the run to wait")
    post(octoprint, "script/cancel")
    last = eventually(lambda: last_run(octoprint, run_id), "the run to end", timeout=180)
    assert last["outcome"] == "cancelled"
    assert run(octoprint, "late", "return True, {'replies': [ask('M117 after')]}") == ["echo:after\nok\n"]
