"""Everything that can end a script, in a real process of its own."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from octoprint_temp_eta.adapters.scripts import process
from octoprint_temp_eta.adapters.scripts.process import BURST, MAX_LINES, RATE
from octoprint_temp_eta.bridge.protocol.script_inputs import (
    ScriptLine,
    ScriptLogged,
    ScriptMessage,
    ScriptRaised,
    ScriptReturned,
    ScriptRunning,
    ScriptStatus,
)
from tests.support.scripts import Marlin, alive, run, start, write_script
from tests.support.waiting import eventually


@pytest.mark.skipif(not Path("/proc/self/oom_score_adj").exists(), reason="needs Linux")
def test_linux_ends_the_scripts_processes_and_not_octoprint_when_the_memory_is_used_up(tmp_path: Path) -> None:
    body = """
        import subprocess
        shown = [subprocess.run(["cat", "/proc/self/oom_score_adj"], capture_output=True, text=True).stdout]
        return True, {"shown": [open("/proc/self/oom_score_adj").read(), *shown]}
    """
    [result] = run(write_script(tmp_path, body)).all(ScriptReturned)
    assert result.storage == {"shown": ["1000\n", "1000\n"]}


def test_an_exception_names_the_line_of_the_script(tmp_path: Path) -> None:
    trial = run(write_script(tmp_path, "\nself.g.write('G28')\nraise ValueError('too cold')"))
    assert trial.error == "ValueError: too cold (line 13)"


def test_an_exception_without_a_text_is_named(tmp_path: Path) -> None:
    body = """
        class Odd(Exception):
            def __str__(self): raise ValueError
        raise Odd
    """
    assert run(write_script(tmp_path, body)).error == "Odd (line 14)"


def test_sys_exit_is_an_error(tmp_path: Path) -> None:
    assert run(write_script(tmp_path, "import sys; sys.exit(3)")).error == "the script ended itself: sys.exit(3)"


def test_an_exit_that_bypasses_python_is_reported_by_its_status(tmp_path: Path) -> None:
    trial = start(write_script(tmp_path, "import os; os._exit(7)"))
    assert trial.end().exit_status == 7
    assert not trial.all(ScriptReturned)


def test_a_crash_leaves_its_last_words(tmp_path: Path) -> None:
    trial = start(write_script(tmp_path, "import ctypes; ctypes.string_at(0)"))
    ended = trial.end()
    assert ended.exit_status == -signal.SIGSEGV
    assert "Segmentation fault" in ended.output
    assert "trial.py" in ended.output


@pytest.mark.parametrize(
    "message",
    [
        "no message",
        '{"kind": "result", "success": true, "message": null, "storage": {"a": NaN}}',
        '{"kind": "result", "success": true, "message": null, "storage": {"a": 1e999}}',
    ],
)
def test_a_script_that_tampers_with_its_pipes_is_ended(tmp_path: Path, message: str) -> None:
    body = f"""
        import contextlib, os
        for descriptor in range(3, 30):
            with contextlib.suppress(OSError): os.write(descriptor, b'{message}\\n')
        while True: pass
    """
    trial = start(write_script(tmp_path, body))
    assert trial.end().exit_status == -signal.SIGKILL


FLOOD = """
    import gc, json, os
    from octoprint_temp_eta.script_child.channel.channel import Channel
    [channel] = [found for found in gc.get_objects() if isinstance(found, Channel)]
    data = b"".join(json.dumps({message}).encode() + b"\\n" for seq in range(20_000))
    while data:
        data = data[os.write(channel._write_fd, data) :]
"""


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("{'kind': 'log', 'level': 'info', 'message': 'x'}", ScriptLogged),
        ("{'kind': 'status', 'status': 'x'}", ScriptStatus),
        ("{'kind': 'running'}", ScriptRunning),
    ],
)
def test_a_script_that_floods_its_pipe_has_to_wait(tmp_path: Path, message: str, kind: type[ScriptMessage]) -> None:
    trial = start(write_script(tmp_path, FLOOD.replace("{message}", message)))
    trial.follow(lambda _: len(trial.all(kind)) == BURST)
    begin = time.monotonic()
    # Those of three seconds: on a busy machine, some are in the inbox already.
    trial.follow(lambda _: len(trial.all(kind)) == BURST + 3 * RATE)
    assert time.monotonic() - begin > 2, "they came at once"
    trial.process.kill()
    trial.end()
    assert len(trial.all(kind)) < 10_000, "what was in the pipe"


def test_a_script_that_waits_for_no_reply_has_to_wait(tmp_path: Path) -> None:
    flood = FLOOD.replace("{message}", "{'kind': 'send', 'seq': seq, 'line': 'M1', 'reply': True}")
    trial = start(write_script(tmp_path, flood), Marlin({"M1": None}))
    trial.follow(lambda _: len(trial.all(ScriptLine)) == MAX_LINES)
    with pytest.raises(queue.Empty):
        trial.inbox.get(timeout=0.5)
    trial.process.reply(0, "ok")
    trial.follow(lambda _: len(trial.all(ScriptLine)) == MAX_LINES + 1)
    trial.process.kill()
    trial.end()


def test_threads_and_processes_of_a_script_do_not_outlive_it(tmp_path: Path) -> None:
    body = """
        import subprocess, threading, time
        threading.Thread(target=time.sleep, args=(1000,)).start()
        other = subprocess.Popen(["sleep", "1000"])
        return True, {"pid": other.pid}
    """
    trial = run(write_script(tmp_path, body))
    eventually(lambda: not alive(trial.returned.storage["pid"]), "the script's process to end")


def test_a_forked_process_does_not_keep_the_run_going(tmp_path: Path) -> None:
    body = """
        import os, time
        if os.fork() == 0:
            time.sleep(1000)
    """
    trial = run(write_script(tmp_path, body))
    assert trial.all(ScriptReturned)


@pytest.mark.parametrize("writes", [True, False], ids=["that writes messages", "that is silent"])
def test_a_process_that_left_the_group_keeps_neither_pipe_nor_thread(tmp_path: Path, writes: bool) -> None:
    body = f"""
        import os, time
        from octoprint_temp_eta.script_child.channel.channel import Channel
        import gc
        [channel] = [each for each in gc.get_objects() if isinstance(each, Channel)]
        run = os.getpid()
        pid = os.fork()
        if pid == 0:
            os.setsid()
            try:
                while os.getppid() == run:
                    time.sleep(0.01)  # what it writes before would hold up the run's own messages
                while {writes}:
                    os.write(channel._write_fd, b'{{"kind": "log", "level": "info", "message": "left behind"}}\\n')
                time.sleep(1000)
            finally:
                os._exit(0)
        return True, {{"pid": pid}}
    """
    others = _threads_of_scripts()
    trial = run(write_script(tmp_path, body))
    pid = trial.returned.storage["pid"]
    try:
        eventually(lambda: _threads_of_scripts() <= others, "the threads to end")
        assert trial.inbox.empty()
        if writes:
            eventually(lambda: not alive(pid), "the process to get an error")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _threads_of_scripts() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name.startswith("script ")}


# Cancelling

INTERRUPTIBLE = {
    "in a blocked line": "self.g.write('M109 S200')",
    "in a sleep": "import time; time.sleep(1000)",
    "in an endless loop": "while True: pass",
    "in another program": "import subprocess; subprocess.run(['sleep', '1000'])",
    "while it catches exceptions": ("import time\nwhile True:\n    try: time.sleep(1000)\n    except Exception: pass"),
    "while it goes on with the next line": (
        "import time\ntry: time.sleep(1000)\nexcept BaseException: self.g.write('G28')"
    ),
}


@pytest.mark.parametrize("body", INTERRUPTIBLE.values(), ids=INTERRUPTIBLE.keys())
def test_terminate_interrupts(tmp_path: Path, body: str) -> None:
    trial = start(write_script(tmp_path, f"self.script_status = 'busy'\n{body}"), Marlin({"M109": None}))
    trial.follow(lambda message: isinstance(message, ScriptStatus))
    trial.process.terminate()
    assert trial.end().exit_status == 0
    assert not trial.all(ScriptReturned)
    assert [each.error for each in trial.all(ScriptRaised)] == ["its process was asked to end (SIGTERM)"]
    assert "G28" not in trial.printer.lines


def test_terminate_before_the_process_runs_ends_it(tmp_path: Path) -> None:
    trial = start(write_script(tmp_path, "while True: pass"))
    trial.process.terminate()
    trial.end()
    assert not trial.all(ScriptReturned)


BUSY = "self.script_status = 'busy'"
DEAF = {
    "swallows everything": f"while True:\n try:\n  {BUSY}\n  time.sleep(1000)\n except BaseException: pass",
    "stops itself": "os.kill(os.getpid(), signal.SIGSTOP)",
    "ignores the signal": f"signal.signal(signal.SIGTERM, signal.SIG_IGN)\n{BUSY}\ntime.sleep(1000)",
}


@pytest.mark.parametrize("body", DEAF.values(), ids=DEAF.keys())
def test_kill_ends_what_does_not_listen(tmp_path: Path, body: str) -> None:
    trial = start(write_script(tmp_path, f"import os, signal, time\n{body}"))
    # One that stops itself can send nothing more.
    awaited = ScriptStatus if BUSY in body else ScriptRunning
    trial.follow(lambda message: isinstance(message, awaited))
    trial.process.terminate()
    trial.process.kill()
    assert trial.end().exit_status == -signal.SIGKILL


def test_a_process_that_cannot_be_killed_does_not_keep_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    others = _threads_of_scripts()
    trial = start(write_script(tmp_path, "import time; time.sleep(1000)"))
    trial.follow(lambda message: isinstance(message, ScriptRunning))
    with monkeypatch.context() as patch:
        # As while the process waits for a drive that does not respond.
        patch.setattr(process, "end_group", lambda _: None)
        patch.setattr(process, "LAST_RESORT_S", 0.1)
        trial.process.kill()
        ended = trial.end()
    assert (ended.exit_status, ended.how) == (None, process.UNKILLABLE)
    trial.process.kill()
    eventually(lambda: _threads_of_scripts() <= others, "the process to end")
    assert trial.inbox.empty()


def test_the_process_itself_changes_to_the_folder_which_may_hang(tmp_path: Path) -> None:
    # Popen(cwd=…) would fail, or wait and let no other thread of OctoPrint run.
    trial = run(tmp_path / "missing" / "trial.py")
    assert "its folder cannot be opened" in trial.error
    trial = run(write_script(tmp_path, "import os; return True, {'folder': os.getcwd()}"))
    assert trial.returned.storage == {"folder": str(tmp_path)}


# No orphans

ORPHANS = {
    "a sleep": "time.sleep(1000)",
    "an endless loop": "while True: pass",
    "a blocked line": "self.g.write('M109 S200')",
    "code that never lets a thread run": "ctypes.PyDLL(None).sleep(1000)",
}


@pytest.mark.parametrize("body", ORPHANS.values(), ids=ORPHANS.keys())
def test_a_script_ends_with_octoprint(tmp_path: Path, body: str) -> None:
    pids = tmp_path / "pids"
    script = f"""
        import ctypes, os, subprocess, time
        other = subprocess.Popen(["sleep", "1000"])
        with open({str(pids)!r} + ".new", "w") as file: file.write(f"{{os.getpid()}} {{other.pid}}")
        os.rename({str(pids)!r} + ".new", {str(pids)!r})
        {body}
    """
    path = write_script(tmp_path, script)
    parent = textwrap.dedent(f"""
        import pathlib, time
        from tests.support.scripts import Marlin, start
        trial = start(pathlib.Path({str(path)!r}), Marlin({{"M109": None}}))
        trial.end()
    """)
    octoprint = subprocess.Popen([sys.executable, "-c", parent], cwd=Path(__file__).parents[2])
    try:
        script_pid, other_pid = map(int, eventually(lambda: pids.exists() and pids.read_text(), "the script").split())
        assert alive(script_pid)
        assert alive(other_pid)
    finally:
        octoprint.kill()
        octoprint.wait()
    eventually(lambda: not alive(script_pid), "the script to end")
    eventually(lambda: not alive(other_pid), "what the script had started to end")


@pytest.mark.parametrize("started", [0, 1, 3])
def test_a_run_that_gets_no_thread_has_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: int) -> None:
    start_thread, left = threading.Thread.start, iter(range(started))

    def start_some(thread: threading.Thread) -> None:
        if next(left, None) is None:
            raise RuntimeError("can't start new thread")
        start_thread(thread)

    monkeypatch.setattr(threading.Thread, "start", start_some)
    before = set(threading.enumerate())
    ended = start(write_script(tmp_path, "pass")).end()
    assert (ended.exit_status, ended.how) == (None, "could not be started: can't start new thread")
    eventually(lambda: set(threading.enumerate()) <= before, "the threads to end")


def test_a_run_after_an_update_of_the_plugin_asks_for_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OctoPrint still has the former version, and the process would have the new one."""
    replaced = tmp_path / "__init__.py"
    replaced.touch()
    monkeypatch.setattr(process, "PACKAGE", replaced)
    ended = start(write_script(tmp_path, "pass")).end()
    assert (ended.exit_status, ended.how) == (None, process.REPLACED)
    replaced.unlink()
    assert start(write_script(tmp_path, "pass")).end().how == process.REPLACED
