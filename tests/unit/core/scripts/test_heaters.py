"""What becomes of the heaters after a run."""

from __future__ import annotations

import pytest

from octoprint_temp_eta.core.gcode.targets import ALL, KLIPPER, SLOT, Asked
from octoprint_temp_eta.core.scripts.run import Code, HeatersAfter, Outcome, Phase, Release, Run, Settle, StillOn
from octoprint_temp_eta.core.scripts.runner import SETTLE_ATTEMPTS
from tests.support.runner_phases import CLEANLY, RUN, at, ended_run


def test_a_firmware_that_was_reset_is_not_heated_again() -> None:
    runner = at(Phase.RUNNING)
    runner.script_sent("M109 S200")
    runner.reset_printer("the firmware was reset", 0)
    error = ended_run(Outcome.ERROR, error="the firmware was reset", code=Code.GONE)
    assert runner.process_ended(CLEANLY, 2000, RUN.targets) == [error, Settle({"tool0": 0.0})]


@pytest.mark.parametrize(
    ("after", "lines", "targets"),
    [
        (HeatersAfter.RESTORED, ["M109 T0 S200", "M190 S80"], {"tool0": 0.0, "bed": 60.0}),
        (HeatersAfter.RESTORED, ["M141 S50", "G28"], {"chamber": 40.0}),
        (HeatersAfter.RESTORED, ["G28", "G1 X5"], {}),
        (HeatersAfter.OFF, ["M104 S200", "M140 S80"], {"tool0": 0.0, "bed": 0.0}),
        (HeatersAfter.LEFT, ["M104 S200"], {}),
    ],
)
def test_heater_targets_after_a_run(after: HeatersAfter, lines: list[str], targets: dict[str, float]) -> None:
    runner = at(Phase.RUNNING, Run("r1", "a", "A", 0.0, targets=RUN.targets, heaters_after=after))
    for line in lines:
        runner.script_sent(line)
    runner.cancel(0)
    assert runner.process_ended(CLEANLY, 0, RUN.targets)[-1] == Settle(targets)


def test_what_a_macro_heated_is_given_back() -> None:
    now = {"tool0": 210.0, "bed": 100.0, "chamber": 0.0, "tool1": 200.0}
    for after, targets in (
        (HeatersAfter.RESTORED, {"bed": 60.0, "tool0": 0.0, "tool1": 0.0}),
        (HeatersAfter.OFF, {"bed": 0.0, "tool0": 0.0, "tool1": 0.0}),
        (HeatersAfter.LEFT, {}),
    ):
        runner = at(Phase.RUNNING, Run("r1", "a", "A", 0.0, targets=RUN.targets, heaters_after=after))
        runner.cancel(0)
        assert runner.process_ended(CLEANLY, 0, now)[-1] == Settle(targets)


def test_a_target_without_a_tool_is_that_of_the_tool_in_use() -> None:
    before = {"tool0": 0.0, "tool1": 200.0}
    runner = at(Phase.RUNNING, Run("r1", "a", "A", 0.0, targets=before, heaters_after=HeatersAfter.OFF))
    runner.begins_with("T1")
    runner.script_sent("M104 S150")
    runner.cancel(0)
    assert runner.process_ended(CLEANLY, 0, {"tool0": 0.0, "tool1": 150.0})[-1] == Settle({"tool1": 0.0})


@pytest.mark.parametrize(
    ("line", "chamber", "targets"),
    [
        ("SET_HEATER_TEMPERATURE HEATER=chamber TARGET=60", 60.0, {KLIPPER + "chamber": 40.0}),
        ("SET_HEATER_TEMPERATURE HEATER=dryer TARGET=60", 40.0, {KLIPPER + "dryer": 0.0}),
        ("M140 P1 S60", 40.0, {SLOT + "B1": 0.0}),
        ("M191 P1 S60", 40.0, {SLOT + "C1": 0.0}),
    ],
)
def test_a_heater_without_a_name_in_octoprint_is_given_back_too(
    line: str, chamber: float, targets: dict[str, float]
) -> None:
    runner = at(Phase.RUNNING)
    runner.script_sent(line)
    runner.cancel(0)
    assert runner.process_ended(CLEANLY, 0, {**RUN.targets, "chamber": chamber})[-1] == Settle(targets)


@pytest.mark.parametrize(
    ("line", "reported", "targets"),
    [
        ("M140 S90", [90.0, 0.0], {"bed": 0.0}),
        ("M140 S90", [90.0, 50.0], {"bed": 50.0}),
        ("M140 S90", [90.0, 70.0], {"bed": 60.0}),
        ("M140 S40", [40.0], {"bed": 60.0}),
        ("TURN_OFF_HEATERS", [90.0, 0.0], {"bed": 60.0}),
    ],
)
def test_a_heater_that_is_turned_down_at_the_printer_is_not_heated_beyond_that(
    line: str, reported: list[float], targets: dict[str, float]
) -> None:
    runner = at(Phase.RUNNING)
    runner.reported(RUN.targets)
    for each in ("M140 S90", line):
        runner.script_sent(each)
        runner.script_sending(each)
    *before, now = ({**RUN.targets, "bed": target} for target in reported)
    for report in before:
        runner.reported(report)
    runner.cancel(0)
    assert runner.process_ended(CLEANLY, 0, now)[-1] == Settle(targets)


def test_a_macro_before_the_run_whose_effect_is_reported_late_has_switched_the_heater_off() -> None:
    runner = at(Phase.RUNNING)
    runner.reported(RUN.targets)
    runner.script_sent("M140 S0")
    off = {**RUN.targets, "bed": 0.0}
    runner.reported(off)
    runner.script_sending("M140 S0")
    runner.cancel(0)
    assert runner.process_ended(CLEANLY, 0, off)[-1] == Settle({"bed": 0.0})


@pytest.mark.parametrize(
    ("script", "others", "now", "targets"),
    [
        ("M141 S60", "SET_HEATER_TEMPERATURE HEATER=chamber TARGET=0", 0.0, {}),
        ("SET_HEATER_TEMPERATURE HEATER=chamber TARGET=60", "M141 S0", 0.0, {}),
        ("M141 S60", "SET_HEATER_TEMPERATURE HEATER=dryer TARGET=0", 60.0, {"chamber": 40.0}),
    ],
)
def test_a_heater_may_have_two_names(script: str, others: str, now: float, targets: dict[str, float]) -> None:
    runner = at(Phase.RUNNING)
    runner.script_sent(script)
    runner.others_queued(others)
    runner.cancel(0)
    assert runner.process_ended(CLEANLY, 0, {**RUN.targets, "chamber": now})[-1] == Settle(targets)


def test_what_somebody_else_heated_meanwhile_stays() -> None:
    runner = at(Phase.RUNNING)
    runner.others_queued("M140 S100")
    runner.cancel(0)
    assert runner.process_ended(CLEANLY, 0, {"tool0": 210.0, "bed": 100.0})[-1] == Settle({"tool0": 0.0})


def test_after_a_reset_that_was_none_what_the_script_heated_is_off() -> None:
    """Some boards print `start` without a reset: their heaters are still on."""
    runner = at(Phase.RUNNING)
    runner.script_sent("M140 S90")
    runner.reset_printer("the firmware was reset", 0)
    off = {"tool0": 0.0, "bed": 0.0}
    assert runner.process_ended(CLEANLY, 0, {"tool0": 210.0, "bed": 90.0, "chamber": 40.0})[-1] == Settle(off)


def test_a_finished_run_keeps_its_targets_a_failed_one_does_not() -> None:
    for success, targets in ((True, {}), (False, {"tool0": 0.0})):
        runner = at(Phase.RUNNING)
        runner.script_sent("M109 S200")
        runner.returned(success, {}, None, 0)
        assert runner.process_ended(CLEANLY, 0, RUN.targets) == [
            Settle(targets, ask=not success, unfinished=not success)
        ]


@pytest.mark.parametrize(
    ("script", "others", "targets"),
    [
        (["M104 S200"], ["M104 S210"], {}),
        (["M104 T0 S200"], ["M104 T1 S210"], {"tool0": 0.0}),
        (["T1", "M104 S200"], ["M104 T0 S210"], {"tool1": 0.0}),
        (["M140 S90"], ["M140 S70"], {}),
        (["M190 S90"], ["SET_HEATER_TEMPERATURE HEATER=heater_bed TARGET=70"], {}),
        (["M104 S200"], ["G10 P0 S210"], {}),
        (["M104 S200"], ["SET_HEATER_TEMPERATURE HEATER=extruder1 TARGET=70"], {"tool0": 0.0}),
        (["M104 S200"], ["M140 S70"], {"tool0": 0.0}),
    ],
)
def test_a_newer_target_of_a_user_survives_a_failure(
    script: list[str], others: list[str], targets: dict[str, float]
) -> None:
    runner = at(Phase.RUNNING)
    for line in script:
        runner.script_sent(line)
    for line in others:
        runner.others_queued(line)
    runner.raised("boom", 0)
    assert runner.process_ended(CLEANLY, 0, RUN.targets)[-1] == Settle(targets)


def test_a_newer_target_of_the_script_is_replaced_by_the_users() -> None:
    runner = at(Phase.RUNNING)
    runner.others_queued("M140 S70")
    runner.script_sent("M140 S90")
    runner.raised("boom", 0)
    assert runner.process_ended(CLEANLY, 0, RUN.targets)[-1] == Settle({"bed": 70.0})


def test_a_standby_temperature_is_no_target() -> None:
    runner = at(Phase.RUNNING)
    runner.others_queued("G10 P0 R140 S205")
    runner.script_sent("M104 S250")
    runner.raised("boom", 0)
    assert runner.process_ended(CLEANLY, 0, RUN.targets)[-1] == Settle({"tool0": 205.0})


def test_what_a_macro_has_heated_before_the_end_but_reported_after_it_is_given_back() -> None:
    runner = at(Phase.RUNNING)
    runner.script_sent("HEATUP")
    runner.script_sent("M140 S90")
    runner.cancel(0)
    assert runner.process_ended(CLEANLY, 0, RUN.targets)[-1] == Settle({"bed": 60.0}, ask=True)
    late = {**RUN.targets, "bed": 90.0, "tool0": 200.0}
    assert runner.settled(True, 1, late) == [Settle({"tool0": 0.0})]
    assert runner.settled(True, 2, {**late, "bed": 60.0}) == [Settle({"bed": 60.0, "tool0": 0.0})]
    assert runner.settled(True, 3, RUN.targets) == [Release()]


def test_a_heater_that_is_still_on_is_set_back_again_and_then_reported() -> None:
    """Outside of prints, lines have no checksum: a corrupted one is acknowledged all the same."""
    runner = at(Phase.RUNNING)
    runner.script_sent("M104 S200")
    runner.cancel(0)
    hot = {**RUN.targets, "tool0": 200.0}
    assert runner.process_ended(CLEANLY, 0, hot)[-1] == Settle({"tool0": 0.0})
    for _ in range(SETTLE_ATTEMPTS - 1):
        assert runner.settled(True, 1, hot) == [Settle({"tool0": 0.0})]
    assert runner.settled(True, 1, hot) == [StillOn("r1", ("tool0",)), Release()]


def test_targets_that_may_not_have_reached_the_printer_are_sent_again() -> None:
    """Some boards print `start` without a reset: OctoPrint then clears its queue."""
    runner = at(Phase.RUNNING)
    runner.script_sent("M140 S90")
    runner.script_sent("SET_HEATER_TEMPERATURE HEATER=dryer TARGET=50")
    runner.cancel(0)
    runner.process_ended(CLEANLY, 0, RUN.targets)
    again = Settle({"bed": 60.0, KLIPPER + "dryer": 0.0}, ask=True)
    assert runner.settled(False, 1, RUN.targets) == [again]
    runner.others_queued("SET_HEATER_TEMPERATURE HEATER=dryer TARGET=40")
    runner.reset_printer("the firmware was reset", 1)
    assert runner.settled(False, 1, RUN.targets) == [Settle({"bed": 0.0}, ask=True)]


def test_what_was_set_just_before_the_run_is_set_back_not_switched_off() -> None:
    """By a macro or at the printer's display: it is reported after the start."""
    runner = at(Phase.LOADING)
    runner.reported({**RUN.targets, "bed": 75.0})
    runner.run_started(0)
    runner.script_sending("M140 S90")
    runner.script_sent("M140 S90")
    runner.reported({**RUN.targets, "bed": 90.0})
    runner.cancel(0)
    assert runner.process_ended(CLEANLY, 0, {**RUN.targets, "bed": 90.0})[-1] == Settle({"bed": 75.0})


def test_a_first_line_that_another_plugin_carries_out_sets_no_previous_target() -> None:
    runner = at(Phase.RUNNING)
    runner.script_sent("M141 S50")
    runner.reported({**RUN.targets, "chamber": 50.0})
    runner.cancel(0)
    targets = {**RUN.targets, "chamber": 50.0}
    assert runner.process_ended(CLEANLY, 0, targets)[-1] == Settle({"chamber": RUN.targets.get("chamber", 0.0)})


def test_what_is_set_back_is_queued_like_lines_of_others_but_is_none() -> None:
    """Else a printer that does not accept the target would get it for ever."""
    runner = at(Phase.RUNNING)
    runner.others_queued("M141 S40")
    runner.script_sent("M141 S60")
    runner.cancel(0)
    now = {**RUN.targets, "chamber": 60.0, "tool0": 200.0}
    set_back = Settle({"chamber": 40.0, "tool0": 0.0})
    assert runner.process_ended(CLEANLY, 0, now)[-1] == set_back
    for line in ("M141 S40.0", "M104 T0 S0"):
        runner.others_queued(line)
    assert runner.settled(False, 1, now) == [set_back]
    runner.others_queued("M104 T0 S210")
    now["tool0"] = 210.0
    assert runner.settled(True, 2, now) == [Settle({"chamber": 40.0})]
    assert runner.settled(True, 3, now) == [StillOn("r1", ("chamber",)), Release()]


def test_what_a_user_heats_while_the_run_ends_stays() -> None:
    runner = at(Phase.SETTLING)
    runner.others_queued("M104 S200")
    assert runner.settled(True, 1, {**RUN.targets, "tool0": 200.0}) == [Release()]


@pytest.mark.parametrize(
    ("before", "restored"),
    [
        ([Asked("bed", 0.0)], 0.0),
        ([Asked("bed", 90.0), Asked("bed", 45.5)], 45.5),
        ([Asked("tool0", 0.0)], 60.0),
        ([Asked("bed", 90.0), Asked(ALL, 0.0)], 0.0),
        ([Asked(ALL, 0.0), Asked("bed", 45.0)], 45.0),
        ([], 60.0),
    ],
)
def test_what_was_asked_for_just_before_the_run_is_what_is_restored(before: list[Asked], restored: float) -> None:
    runner = at(Phase.RUNNING)
    runner.begins_with("T0", before)
    runner.script_sent("M140 S90")
    runner.cancel(0)
    reported = {"tool0": 0.0, "bed": 90.0, "chamber": 0.0}
    assert runner.process_ended(CLEANLY, 0, reported)[-1] == Settle({"bed": restored})


@pytest.mark.parametrize(
    ("line", "restored"),
    [
        ("M140 S0", {"bed": 0.0}),
        ("SET_HEATER_TEMPERATURE HEATER=heater_bed TARGET=35", {"bed": 35.0}),
        ("M140 S70", {"bed": 70.0}),
        ("TURN_OFF_HEATERS", {"bed": 0.0, "chamber": 0.0}),
    ],
)
def test_what_others_asked_for_during_the_run_is_restored_though_the_script_has_set_the_heater_again(
    line: str, restored: dict[str, float]
) -> None:
    runner = at(Phase.RUNNING)
    runner.script_sent("M140 S90")
    runner.others_queued(line)
    runner.script_sent("M140 S91")
    runner.cancel(0)
    assert runner.process_ended(CLEANLY, 0, {**RUN.targets, "bed": 91.0})[-1] == Settle(restored)


def test_a_heater_that_others_have_switched_off_with_all_others_stays_off() -> None:
    """The chamber had a target of 40 °C before the run, and the printer may not have switched it off yet."""
    runner = at(Phase.RUNNING)
    runner.script_sent("M140 S90")
    runner.others_queued("TURN_OFF_HEATERS")
    runner.cancel(0)
    assert runner.process_ended(CLEANLY, 0, {**RUN.targets, "bed": 0.0})[-1] == Settle({"chamber": 0.0})


@pytest.mark.parametrize(
    ("after", "restored"),
    [(HeatersAfter.RESTORED, 20.0), (HeatersAfter.OFF, 20.0), (HeatersAfter.LEFT, None)],
)
@pytest.mark.parametrize("line", ["M140 S20", "SET_HEATER_TEMPERATURE HEATER=heater_bed TARGET=20"])
def test_what_a_macro_heats_after_others_have_set_the_heater_is_given_back(
    line: str, after: HeatersAfter, restored: float | None
) -> None:
    runner = at(Phase.RUNNING, Run("r1", "a", "A", 0.0, targets=RUN.targets, heaters_after=after))
    runner.others_queued(line)
    runner.script_sent("HEATUP")
    runner.cancel(0)
    targets = {} if restored is None else {"bed": restored}
    assert runner.process_ended(CLEANLY, 0, {**RUN.targets, "bed": 110.0})[-1] == Settle(targets)


def test_a_heater_that_others_have_switched_off_is_off_though_a_macro_has_heated_it_since() -> None:
    runner = at(Phase.RUNNING)
    runner.others_queued("M140 S0")
    runner.script_sent("HEATUP")
    runner.cancel(0)
    assert runner.process_ended(CLEANLY, 0, {**RUN.targets, "bed": 110.0})[-1] == Settle({"bed": 0.0})
