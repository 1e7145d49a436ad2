"""When opsbot restarts, when it waits, and when it leaves a target alone."""

from __future__ import annotations

import signal
from dataclasses import replace

import pytest

from opsbot.domain.action import ActionState, Wanted
from opsbot.domain.levels import Outcome, Priority
from opsbot.domain.moment import Moment
from opsbot.domain.process import Exit, ProcessId, Running
from opsbot.domain.rule import ActionKind, RestartPolicy
from opsbot.engine.inputs import ActionAsked, ActionMoved, ProcessFound, ProcessMissing
from opsbot.engine.restarts import backoff_seconds
from opsbot.engine.resuming import resume
from tests.engine.drive import OLGA, OTTO, Drive


def succeed(drive: Drive, after: float = 1.0) -> None:
    """The newest action ends well and the process is seen running again."""
    end(drive, ActionState.DONE, after)
    action = drive.started[-1].action
    drive.runs(action.id + 100, action.generation)
    drive.see("process", Outcome.OK, after=0.1)
    drive.see("health", Outcome.OK, after=0.1)


def end(drive: Drive, state: ActionState, after: float = 1.0) -> None:
    drive.now = drive.now.after(after)
    action = drive.started[-1].action
    drive.give(ActionMoved(replace(action, state=state, ended=drive.now, detail="result")))


def watched(policy: RestartPolicy | None = None) -> Drive:
    drive = Drive.of(policy)
    drive.runs()
    drive.see("process", Outcome.OK)
    drive.see("health", Outcome.OK)
    return drive


def test_a_crash_is_restarted_at_once_in_one_commit_with_its_alert() -> None:
    drive = watched()
    decided = drive.crashes()
    kinds = {type(change).__name__ for change in decided.changes}
    assert {"Alert", "Incident", "Action", "Desired", "RestartMark", "Notice", "AuditEntry"} <= kinds
    assert [effect.action.kind for effect in drive.started] == [ActionKind.RESTART]
    assert drive.state.desired["summarybot"].wanted is Wanted.RUNNING
    assert drive.incident.doing == "Restarting it"


def test_a_clean_exit_waits_for_whoever_caused_it() -> None:
    drive = watched()
    drive.crashes(signal=signal.SIGTERM)
    drive.see("process", Outcome.FAIL)
    assert drive.state.incidents == {}
    drive.runs(77)
    drive.see("process", Outcome.OK)
    assert (drive.started, drive.state.incidents) == ([], {})


def test_a_clean_exit_that_nobody_follows_up_is_restarted_after_the_hand_over_time() -> None:
    drive = watched()
    drive.crashes(code=0)
    assert drive.due_in() == 15.0
    drive.tick(14.0)
    assert drive.started == []
    drive.tick(1.0)
    assert len(drive.started) == 1


def test_a_look_just_before_the_hand_over_time_is_noticed_to_be_over_does_not_hide_how_it_ended() -> None:
    drive = watched()
    drive.crashes(code=0)
    drive.see("process", Outcome.FAIL, after=15.0)
    assert drive.started == []
    drive.tick(0.0)
    assert len(drive.started) == 1
    assert "exited with code 0" in drive.incident.timeline[0].text


def test_an_unhealthy_target_is_restarted_after_three_failures_in_a_row() -> None:
    drive = watched()
    drive.see("health", Outcome.FAIL)
    drive.see("health", Outcome.TIMEOUT)
    assert drive.started == []
    drive.see("health", Outcome.FAIL)
    assert len(drive.started) == 1


def test_failures_seen_during_a_restart_open_no_alert() -> None:
    drive = watched()
    drive.crashes()
    for _ in range(10):
        drive.see("health", Outcome.FAIL)
    assert [line.rule for line in drive.incident.alerts] == ["bot_process_down"]


def test_a_finished_restart_is_not_repeated_on_old_evidence() -> None:
    drive = watched()
    drive.crashes()
    end(drive, ActionState.DONE)
    drive.tick(0.5)
    assert len(drive.started) == 1
    drive.runs(11)
    drive.see("process", Outcome.OK)
    assert not drive.incident.live


def test_the_second_restart_waits_and_the_delay_doubles() -> None:
    drive = watched(RestartPolicy(max_per_hour=10))
    waits = []
    for _ in range(4):
        drive.crashes()
        due = drive.due_in()
        before = len(drive.started)
        if drive.state.action_on("summarybot") is None:
            assert due is not None
            waits.append(due)
            drive.tick(due)
        assert len(drive.started) == before + bool(waits)
        succeed(drive, after=0.0)
    policy = RestartPolicy()
    expected = [backoff_seconds(policy, streak, "summarybot") for streak in (1, 2, 3)]
    assert waits == pytest.approx(expected, abs=0.6)
    assert waits[0] < waits[1] < waits[2]


def test_ten_minutes_of_health_make_the_next_restart_immediate_again() -> None:
    drive = watched(RestartPolicy(max_per_hour=10))
    drive.crashes()
    succeed(drive)
    drive.see("process", Outcome.OK, after=601.0)
    drive.crashes()
    assert len(drive.started) == 2


def test_after_three_restarts_within_an_hour_opsbot_holds_and_says_so_loudly() -> None:
    drive = watched()
    for _ in range(3):
        drive.see("process", Outcome.OK, after=601.0)
        drive.crashes()
        succeed(drive)
    drive.see("process", Outcome.OK, after=601.0)
    drive.crashes()
    assert len(drive.started) == 3
    assert "restarts_on_hold" in {line.rule for line in drive.incident.alerts if line.firing}
    assert drive.incident.priority is Priority.P1
    assert drive.told[-1] in ("opened", "escalated")
    assert "A person must decide" in drive.incident.doing


def test_a_held_restart_is_free_again_when_the_hour_has_passed() -> None:
    drive = watched(RestartPolicy(max_per_hour=1))
    drive.crashes()
    succeed(drive)
    drive.see("process", Outcome.OK, after=700.0)
    drive.crashes()
    assert len(drive.started) == 1
    due = drive.due_in()
    assert due is not None
    drive.tick(due)
    assert len(drive.started) == 2


def test_a_person_may_restart_while_automation_holds() -> None:
    drive = watched(RestartPolicy(max_per_hour=1))
    drive.crashes()
    succeed(drive)
    drive.see("process", Outcome.OK, after=700.0)
    drive.crashes()
    assert drive.give(ActionAsked("summarybot", ActionKind.RESTART, OLGA, "I know why")).refusal is None
    assert drive.started[-1].action.actor == OLGA


def test_more_than_three_restarts_of_any_origin_in_an_hour_are_an_alert() -> None:
    drive = watched()
    for _ in range(4):
        drive.give(ActionAsked("summarybot", ActionKind.RESTART, OLGA, "again"))
        succeed(drive)
    assert "frequent_restarts" in {line.rule for line in drive.incident.alerts}
    assert drive.incident.priority is Priority.P2
    drive.see("process", Outcome.OK, after=3600.0)
    drive.tick(1.0)
    assert not drive.incident.live


def test_an_exit_code_that_means_do_not_restart_is_respected() -> None:
    drive = watched()
    drive.crashes(code=78)
    assert drive.started == []
    assert "exit code 78" in drive.incident.doing


def test_a_failed_restart_is_told_and_tried_again_later() -> None:
    drive = watched()
    drive.crashes()
    end(drive, ActionState.FAILED)
    assert "result" in [entry.text for entry in drive.incident.timeline]
    assert "Restart waits" in drive.incident.doing
    drive.see("process", Outcome.FAIL)
    assert len(drive.started) == 2


def test_what_was_seen_in_the_moment_of_life_of_a_failed_start_resolves_nothing() -> None:
    drive = watched()
    drive.crashes()
    for _ in range(3):
        number = len(drive.started)
        drive.runs(100 + number)
        drive.see("process", Outcome.OK, after=0.1)
        drive.crashes(code=1)
        end(drive, ActionState.FAILED, after=0.1)
        drive.see("log", Outcome.OK, after=0.1)
        drive.see("process", Outcome.FAIL, after=400)
    assert list(drive.state.incidents) == [1]
    assert drive.incident.live
    assert "code 1" in drive.incident.alerts[0].reason


def test_pressing_restart_twice_starts_one_restart_and_names_who_has_it() -> None:
    drive = watched()
    drive.give(ActionAsked("summarybot", ActionKind.RESTART, OLGA, "stuck"))
    refusal = drive.give(ActionAsked("summarybot", ActionKind.RESTART, OTTO, "me too")).refusal
    assert "in progress, asked by Olga" in str(refusal)
    assert len(drive.started) == 1


def test_a_target_without_supervisor_is_never_restarted() -> None:
    drive = Drive.of(supervised=False)
    drive.see("process", Outcome.FAIL)
    assert drive.started == []
    assert "no supervisor" in str(
        drive.give(ActionAsked("summarybot", ActionKind.RESTART, OLGA, "x")).refusal
    )


def test_on_day_one_a_target_that_does_not_run_is_started_without_an_incident() -> None:
    drive = Drive.of()
    drive.give(ProcessMissing("summarybot", None))
    assert [effect.action.kind for effect in drive.started] == [ActionKind.START]
    assert drive.state.incidents == {}


def test_a_target_that_died_while_opsbot_was_away_is_an_incident() -> None:
    drive = watched()
    drive.give(ActionAsked("summarybot", ActionKind.RESTART, OLGA, "x"))
    succeed(drive)
    again = Drive.of()
    again.state.desired = drive.state.desired
    again.give(ProcessMissing("summarybot", Exit(Moment(1.0, 1.0), code=1)))
    assert again.incident.alerts[0].rule == "bot_process_down"
    assert len(again.started) == 1


def test_a_target_that_a_person_stopped_stays_stopped() -> None:
    drive = watched()
    drive.give(ActionAsked("summarybot", ActionKind.STOP, OLGA, "maintenance"))
    end(drive, ActionState.DONE)
    drive.give(ProcessMissing("summarybot", None))
    for _ in range(5):
        drive.see("process", Outcome.FAIL)
    assert drive.state.incidents == {}
    assert len(drive.started) == 1


def test_a_restart_that_was_interrupted_goes_on_after_the_next_start() -> None:
    drive = watched()
    drive.crashes()
    decided = resume(drive.state, drive.now)
    assert [effect.resumed for effect in decided.effects if hasattr(effect, "resumed")] == [True]
    drive.state.apply(decided.changes)
    assert "interrupted" in drive.incident.timeline[-1].text


def test_switched_off_restarts_are_said() -> None:
    drive = watched(RestartPolicy(enabled=False))
    drive.crashes()
    assert drive.started == []
    assert "switched off" in drive.incident.doing


def test_a_restart_after_the_state_was_lost_is_not_taken_for_one_that_is_done() -> None:
    drive = Drive.of()
    running = Running(ProcessId("boot-1", 10, 1), drive.now, generation=7)
    drive.give(ProcessFound("summarybot", running))
    drive.give(ActionAsked("summarybot", ActionKind.RESTART, OLGA, "new config"))
    assert drive.started[-1].action.generation == 8
