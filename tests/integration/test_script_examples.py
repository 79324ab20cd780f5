"""The example scripts of the documentation, in real processes of their own, against a printer in memory."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from octoprint_temp_eta.adapters.scripts.folder import ScriptFolder
from octoprint_temp_eta.bridge.protocol.script_inputs import ScriptRaised, ScriptReturned, ScriptStatus
from tests.support.contract import PROJECT
from tests.support.scripts import Marlin, Trial, run

EXAMPLES = PROJECT / "docs" / "examples" / "scripts"
MANUAL = (PROJECT / "docs" / "guides" / "scripts.md").read_text(encoding="utf-8")
NAMES = ("bed_flatness", "mill_pocket", "purge_and_wipe", "tune_pid", "warm_up_and_home")


class ProbingMarlin(Marlin):
    """Has a probe, and a bed that rises by 0.1 mm over 100 mm in X."""

    def reply_to(self, line: str) -> str | None:
        """Reply to G30 with a height, and to all else as Marlin does."""
        match = re.fullmatch(r"G30 X(\S+) Y(\S+)", line)
        if match is None:
            return super().reply_to(line)
        self.lines.append(line)
        x, y = float(match[1]), float(match[2])
        return f"Bed X: {x:.2f} Y: {y:.2f} Z: {x / 1000:.3f}\nok\n"


def run_example(name: str, printer: Marlin, **given: Any) -> Trial:
    return run(EXAMPLES / f"{name}.py", printer, given=given)


def test_they_are_right_scripts() -> None:
    scripts = ScriptFolder(EXAMPLES).scan()
    assert [(script.id, script.error) for script in scripts] == [(name, None) for name in NAMES]


def test_the_documentation_shows_all_of_them() -> None:
    assert all(f"examples/scripts/{name}.py" in MANUAL for name in NAMES)


def test_the_first_script_of_the_manual(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", MANUAL, re.DOTALL)
    path = tmp_path / "hello.py"
    path.write_text(code, encoding="utf-8")
    printer = Marlin()
    trial = run(path, printer, given={"times": 2})
    assert printer.lines == ["M117 Hello printer", "M117 Hello printer", "M400"]
    assert trial.all(ScriptReturned) == [ScriptReturned("run-1", True, {})]


def test_warm_up_and_home() -> None:
    printer = Marlin()
    trial = run_example("warm_up_and_home", printer, bed=70, hotend=180, soak=2)
    assert printer.lines == [
        "M140 S70", "M104 S180", "G28", "M190 S70", "M109 S180", "G4 P1000", "G4 P1000", "M400",
    ]  # fmt: skip
    assert trial.all(ScriptReturned) == [ScriptReturned("run-1", True, {}, "bed at 70 °C, hotend at 180 °C")]
    assert [message.status for message in trial.all(ScriptStatus)] == [
        "Homing",
        "Heating the bed to 70 °C",
        "Heating the hotend to 180 °C",
        "Soaking, 2 s left",
        "Soaking, 1 s left",
        "Ready",
    ]


def test_purge_and_wipe() -> None:
    printer = Marlin({"M105": "ok T:209.80 /210.00 B:60.00 /60.00\n"})
    trial = run_example("purge_and_wipe", printer, purge=10.0)
    assert trial.all(ScriptReturned)[0].success
    pushed = [float(line.split("E")[1]) for line in printer.lines if line.startswith("G1 E")]
    assert pushed == [5.0, 5.0, -1.0]
    assert printer.lines[:2] == ["G28", "M109 S210"]
    assert printer.lines.index("M109 S210") < printer.lines.index("M83") < printer.lines.index("G1 E5.000000")
    wiped = [line for line in printer.lines if re.fullmatch(r"G1 X-?30\.0+", line)]
    assert wiped == ["G1 X30.000000", "G1 X-30.000000"] * 2


def test_a_cold_hotend_is_not_purged() -> None:
    printer = Marlin({"M105": "ok T:25.00 /210.00 B:60.00 /60.00\n"})
    trial = run_example("purge_and_wipe", printer)
    assert trial.all(ScriptReturned) == [ScriptReturned("run-1", False, {}, "the hotend is too cold to push filament")]
    assert not [line for line in printer.lines if "E" in line]


def test_bed_flatness() -> None:
    printer = ProbingMarlin()
    trial = run_example("bed_flatness", printer, x_min=0.0, x_max=200.0, y_min=0.0, y_max=200.0)
    (returned,) = trial.all(ScriptReturned)
    heights = [0.0, 0.1, 0.2, 0.2, 0.1, 0.0, 0.0, 0.1, 0.2]
    assert returned == ScriptReturned("run-1", True, {"flatness": 0.2, "heights": heights}, "the bed is flat to 0.2 mm")
    assert printer.lines[:2] == ["G28", "G30 X0.0 Y0.0"]


@pytest.mark.parametrize(("tolerance", "success"), [(0.19, False), (0.2, True)])
def test_an_uneven_bed_is_a_failure(tolerance: float, success: bool) -> None:
    trial = run_example("bed_flatness", ProbingMarlin(), x_min=0.0, x_max=200.0, tolerance=tolerance)
    assert trial.all(ScriptReturned)[0].success is success


def test_a_printer_without_a_probe_is_an_error() -> None:
    (raised,) = run_example("bed_flatness", Marlin()).all(ScriptRaised)
    assert raised.error.startswith("RuntimeError: the printer reported no height at X30.0 Y30.0: does it have a probe?")


TUNED = """PID Autotune start
 bias: 92 d: 92 min: 196.56 max: 203.75 Ku: 32.59 Tu: 54.92
 Classic PID
 Kp: 19.56 Ki: 0.71 Kd: 134.26
PID Autotune finished! Put the last Kp, Ki and Kd constants from below into Configuration.h
#define DEFAULT_Kp 19.60
#define DEFAULT_Ki 0.72
#define DEFAULT_Kd 134.30
ok
"""


def test_tune_pid() -> None:
    printer = Marlin({"M303": TUNED})
    trial = run_example("tune_pid", printer, temperature=200, cycles=3, save=True)
    found = {"p": 19.6, "i": 0.72, "d": 134.3}
    assert trial.all(ScriptReturned) == [ScriptReturned("run-1", True, found, "P 19.6, I 0.72, D 134.3")]
    assert printer.lines == ["M303 E0 S200 C3", "M301 P19.6 I0.72 D134.3", "M500", "M400"]


@pytest.mark.parametrize("reply", ["ok\n", "PID Autotune failed! Temperature too high\nok\n"])
def test_a_hotend_that_cannot_be_tuned_keeps_its_values(reply: str) -> None:
    printer = Marlin({"M303": reply})
    assert run_example("tune_pid", printer).all(ScriptReturned)[0].success is False
    assert printer.lines == ["M303 E0 S210 C8", "M400"]


def test_mill_pocket() -> None:
    printer = Marlin()
    trial = run_example("mill_pocket", printer, width=10.0, height=8.0, depth=1.2)
    assert trial.all(ScriptReturned)[0].success
    assert printer.lines[:3] == ["M3 S10000", "G91", "G1 X1.500000 Y1.500000"]
    assert [line for line in printer.lines if "Z" in line] == [f"G1 Z{z:.6f}" for z in (-0.5, -0.5, -0.2, 1.2)]
    moves = [dict(re.findall(r"([XYZ])(-?[\d.]+)", line)) for line in printer.lines if line.startswith("G1")]
    for axis in "XYZ":
        assert sum(float(move.get(axis, 0)) for move in moves) == pytest.approx(0)
    assert [message.status for message in trial.all(ScriptStatus)] == [
        f"Cutting at {z} mm" for z in ("0.5", "1", "1.2")
    ]


def test_a_tool_that_is_too_wide_cuts_nothing() -> None:
    trial = run_example("mill_pocket", printer := Marlin(), tool=30.0)
    assert trial.all(ScriptReturned)[0].message == "the tool is wider than the pocket"
    assert printer.lines == ["M400"]


def test_none_of_them_is_installed_with_the_plugin() -> None:
    packaged = (PROJECT / "octoprint_temp_eta").rglob("*.py")
    assert not {path.name for path in packaged} & {f"{name}.py" for name in NAMES}
