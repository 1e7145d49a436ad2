"""Somebody ends a target and may start it again: which ends leave time for that, and how much."""

from __future__ import annotations

import signal
from dataclasses import replace

import pytest

from opsbot.domain.action import ActionState
from opsbot.domain.levels import Outcome
from opsbot.domain.process import Exit
from opsbot.domain.rule import ActionKind, RestartPolicy
from opsbot.engine.inputs import ActionAsked, ActionMoved, ProcessEnded, ProcessMissing
from tests.engine.drive import NAME, OLGA, Drive
from tests.engine.test_repair import watched


def ends(drive: Drive, ended: Exit) -> None:
    running = drive.state.known[NAME].running
    assert running is not None
    drive.give(ProcessEnded(NAME, running, ended))


@pytest.mark.parametrize(
    "how",
    [{"code": 0}, {"signal": signal.SIGTERM}, {"signal": signal.SIGINT}, {"signal": signal.SIGHUP}, {}],
    ids=["exit code 0", "SIGTERM", "SIGINT", "SIGHUP", "not known"],
)
def test_what_may_be_a_deploy_leaves_fifteen_seconds(how: dict[str, int]) -> None:
    drive = watched()
    ends(drive, Exit(drive.now, **how))  # type: ignore[arg-type]
    drive.see("process", Outcome.FAIL, after=14.0)
    assert (drive.started, drive.state.incidents, drive.due_in()) == ([], {}, 1.0)
    drive.tick(1.0)
    assert [effect.action.kind for effect in drive.started] == [ActionKind.RESTART]
    assert "not running" in drive.incident.timeline[0].text


@pytest.mark.parametrize("how", [{"code": 1}, {"signal": signal.SIGKILL}, {"signal": signal.SIGSEGV}])
def test_a_crash_is_restarted_at_once(how: dict[str, int]) -> None:
    drive = watched()
    ends(drive, Exit(drive.now, **how))  # type: ignore[arg-type]
    assert len(drive.started) == 1


def test_without_a_time_for_it_every_end_is_repaired_at_once() -> None:
    drive = watched(RestartPolicy(handover=0.0))
    ends(drive, Exit(drive.now))
    assert len(drive.started) == 1


def later(ago: float, **how: int) -> Drive:
    """The next opsbot looks for the first time: the target ended so many seconds ago."""
    drive = watched()
    drive.give(ActionAsked(NAME, ActionKind.RESTART, OLGA, "x"))
    action = drive.started[-1].action
    drive.give(ActionMoved(replace(action, state=ActionState.DONE, ended=drive.now)))
    successor = Drive.of()
    successor.state.desired = drive.state.desired
    successor.give(ProcessMissing(NAME, Exit(successor.now.after(-ago), **how)))  # type: ignore[arg-type]
    return successor


def test_an_opsbot_that_is_started_meanwhile_leaves_what_is_left_of_the_time() -> None:
    drive = later(5.0, signal=signal.SIGTERM)
    assert (drive.started, drive.due_in()) == ([], 10.0)
    drive.tick(10.0)
    assert len(drive.started) == 1


def test_an_opsbot_that_is_started_afterwards_repairs_at_once() -> None:
    assert len(later(16.0, code=0).started) == 1
    assert len(later(5.0, code=1).started) == 1
