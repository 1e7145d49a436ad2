"""When no restart can help, what the target said last is read, and its incident shows it."""

from __future__ import annotations

from dataclasses import replace

from opsbot.domain.action import ActionState
from opsbot.domain.levels import Outcome
from opsbot.domain.rule import RestartPolicy
from opsbot.engine.draft import ReadLastLines
from opsbot.engine.inputs import ActionMoved, LastLines
from tests.engine.drive import NAME, Drive
from tests.engine.test_repair import watched

SAID = ("Traceback", "KeyError: 'token'")


def asked(drive: Drive) -> int:
    return sum(isinstance(effect, ReadLastLines) for effect in drive.effects)


def test_an_exit_code_that_forbids_a_restart_has_them_read_once() -> None:
    drive = watched()
    drive.crashes(code=78)
    assert asked(drive) == 1
    drive.give(LastLines(NAME, SAID))
    assert drive.incident.timeline[-1].text.endswith("Traceback\nKeyError: 'token'")
    told = len(drive.told)
    for _ in range(5):
        drive.see("process", Outcome.FAIL)
    assert (asked(drive), len(drive.told)) == (1, told)


def test_a_long_reason_why_nothing_is_tried_again_is_not_cut_in_silence() -> None:
    drive = watched()
    drive.crashes()
    detail = "step 4 of 6: port 5000 is held by what looks like this target: " + 80 * "take it "
    failed = replace(drive.started[-1].action, state=ActionState.FAILED, ended=drive.now, detail=detail)
    drive.give(ActionMoved(failed, hopeless=True))
    assert "take it …)" in drive.incident.doing or "take …)" in drive.incident.doing


def test_what_a_failed_start_has_told_is_not_told_again() -> None:
    drive = watched()
    drive.crashes()
    detail = "\n".join(("step 5 of 6: it exited with code 78", *SAID))
    failed = replace(drive.started[-1].action, state=ActionState.FAILED, ended=drive.now, detail=detail)
    drive.give(ActionMoved(failed, hopeless=True))
    told = len(drive.told)
    assert asked(drive) == 1
    drive.give(LastLines(NAME, SAID))
    assert len(drive.told) == told


def test_nothing_is_told_of_a_target_that_said_nothing_or_is_well_again() -> None:
    drive = watched()
    drive.crashes(code=78)
    told = len(drive.told)
    drive.give(LastLines(NAME, ()))
    assert len(drive.told) == told
    drive.runs(11)
    drive.see("process", Outcome.OK)
    assert not drive.incident.live
    told = len(drive.told)
    drive.give(LastLines(NAME, SAID))
    assert len(drive.told) == told


def test_of_a_crash_that_is_mended_they_are_not_read() -> None:
    drive = watched(RestartPolicy(max_per_hour=1))
    drive.crashes()
    assert asked(drive) == 0
