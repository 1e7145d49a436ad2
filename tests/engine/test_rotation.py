"""A rule asks for the log to be rotated: once, on fresh evidence, and never against a person's pause."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from opsbot.domain.action import Action, ActionState
from opsbot.domain.expr import Compare, Op, Reading
from opsbot.domain.levels import Outcome, Priority, Severity
from opsbot.domain.notice import Audience
from opsbot.domain.rotation import LogSpec, RotationPolicy
from opsbot.domain.rule import ActionKind, Rule
from opsbot.engine.draft import RunAction
from opsbot.engine.inputs import ActionAsked, ActionMoved, PauseAsked
from opsbot.engine.resuming import resume
from opsbot.engine.rotation import AGAIN_AFTER_FAILURE
from opsbot.engine.state import State
from tests.engine.drive import NAME, OLGA, Drive, target

LARGE = Rule(
    "log_file_size",
    Compare(Reading("log_size_bytes", name="log_size", unit="MB"), Op.GT, 100.0),
    Severity.WARNING,
    Priority.P3,
    "The log is {log_size} MB",
    action=ActionKind.ROTATE_LOGS,
    recover_seconds=60.0,
    reads=frozenset({"process"}),
)
POLICY = RotationPolicy(LogSpec(Path("/srv/bot.log"), Path("/srv/archive"), "bot"))


def watched(policy: RotationPolicy | None = POLICY) -> Drive:
    bot = replace(target(), rules=(*target().rules, LARGE), rotation=policy)
    drive = Drive(State.of([bot], {"ops": Audience()}))
    drive.runs(generation=1)
    return drive


def log_has(drive: Drive, megabytes: float, after: float = 5.0) -> None:
    drive.see("process", Outcome.OK, after=after, log_size_bytes=megabytes)


def kinds(drive: Drive) -> list[ActionKind]:
    return [effect.action.kind for effect in drive.started]


def end(drive: Drive, state: ActionState) -> None:
    action = replace(drive.started[-1].action, state=state, ended=drive.now, detail="result")
    drive.give(ActionMoved(action), after=0.01)


def test_a_log_that_is_too_large_is_rotated_once_and_the_incident_says_so() -> None:
    drive = watched()
    for _ in range(3):
        log_has(drive, 150)
    assert kinds(drive) == [ActionKind.ROTATE_LOGS]
    end(drive, ActionState.DONE)
    for _ in range(20):
        log_has(drive, 1)
    assert kinds(drive) == [ActionKind.ROTATE_LOGS]
    texts = [entry.text for entry in drive.incident.timeline]
    assert "Rotating its log" in texts
    assert "Log rotated: result" in texts
    assert not drive.incident.live


def test_a_rotation_that_did_not_help_is_tried_again_on_new_evidence() -> None:
    drive = watched()
    log_has(drive, 150)
    end(drive, ActionState.DONE)
    assert len(drive.started) == 1
    log_has(drive, 150)
    assert len(drive.started) == 2


def test_a_rotation_that_failed_waits_an_hour() -> None:
    drive = watched()
    log_has(drive, 150)
    end(drive, ActionState.FAILED)
    log_has(drive, 150)
    assert len(drive.started) == 1
    assert any("Rotation of its log failed" in entry.text for entry in drive.incident.timeline)
    log_has(drive, 150, after=AGAIN_AFTER_FAILURE)
    assert len(drive.started) == 2


def test_a_pause_holds_rotation_too() -> None:
    drive = watched()
    drive.give(PauseAsked(NAME, 600.0, OLGA, "deploy"))
    log_has(drive, 150)
    assert drive.started == []
    log_has(drive, 150, after=601.0)
    assert len(drive.started) == 1


@pytest.mark.parametrize("policy", [None, replace(POLICY, enabled=False)])
def test_a_log_that_opsbot_does_not_rotate_by_itself_only_alerts(policy: RotationPolicy | None) -> None:
    drive = watched(policy)
    log_has(drive, 150)
    assert drive.started == []
    assert drive.incident.live


def test_a_restart_goes_on_while_a_log_is_rotated() -> None:
    drive = watched()
    log_has(drive, 150)
    drive.give(ActionAsked(NAME, ActionKind.RESTART, OLGA, "deploy"))
    assert kinds(drive) == [ActionKind.ROTATE_LOGS, ActionKind.RESTART]


def test_a_rotation_that_opsbot_was_killed_in_is_taken_up_again() -> None:
    drive = watched()
    log_has(drive, 150)
    resumed = resume(drive.state, drive.now)
    again = [effect for effect in resumed.effects if isinstance(effect, RunAction)]
    assert [(effect.action.kind, effect.resumed) for effect in again] == [(ActionKind.ROTATE_LOGS, True)]


def test_a_rotation_of_a_log_that_is_no_longer_configured_has_failed() -> None:
    drive = watched()
    log_has(drive, 150)
    drive.state.known[NAME].target = replace(drive.state.known[NAME].target, rotation=None)
    drive.state.apply(resume(drive.state, drive.now).changes)
    assert drive.state.actions == {}


def test_an_action_that_only_another_version_could_finish_is_not_left_open() -> None:
    drive = watched()
    drive.give(ActionAsked(NAME, ActionKind.RESTART, OLGA, "now"))
    (action,) = drive.state.actions.values()
    drive.state.actions[action.id] = replace(action, kind=ActionKind.NONE)
    decided = resume(drive.state, drive.now)
    assert [c.state for c in decided.changes if isinstance(c, Action)] == [ActionState.FAILED]
    assert decided.effects == []
