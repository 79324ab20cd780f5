"""A process that learns is killed again and again: its files stay valid, and no process is left."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from octoprint_temp_eta.messages.stored import problem
from tests.support.contract import PROJECT

KILLS = 20


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_kill_9_while_learning_leaves_valid_files_and_no_orphans(tmp_path: Path):
    chance = random.Random(9)
    for number in range(KILLS):
        command = [sys.executable, "-m", "tests.support.learning_process", str(tmp_path)]
        with subprocess.Popen(
            command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, start_new_session=True
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == f"loaded {number > 0}\n"
            assert process.stdout.readline() == "saved\n"
            time.sleep(chance.uniform(0.0, 0.5))  # at any time of learning and saving, not at a condition
            process.kill()
            assert process.wait() == -signal.SIGKILL
        with pytest.raises(ProcessLookupError):
            os.killpg(process.pid, 0)
        assert problem("learned", json.loads((tmp_path / "learned.json").read_text())) is None
        assert {path.name for path in tmp_path.iterdir()} <= {"learned.json", "learned.draft"}
