"""Alerts become one incident that people can follow."""

from __future__ import annotations

from opsbot.domain.incident import Incident
from opsbot.domain.levels import IncidentState, Outcome, Priority
from opsbot.engine.inputs import Acknowledge, ActionMoved, Delivered, PauseAsked, ResumeAsked
from opsbot.engine.step import step
from tests.engine.drive import OLGA, OTTO, Drive
from tests.engine.test_repair import succeed


def test_one_incident_holds_all_alerts_of_a_target() -> None:
    drive = Drive.of(supervised=False)
    drive.see("process", Outcome.OK, cpu_percent=99.0)
    drive.see("process", Outcome.FAIL)
    assert len(drive.state.incidents) == 1
    assert {line.rule for line in drive.incident.alerts} == {"high_cpu_usage", "bot_process_down"}
    assert drive.incident.priority is Priority.P1
    assert drive.incident.title == "The bot is down"


def test_a_more_urgent_alert_is_told_loudly_and_an_equal_one_by_an_edit() -> None:
    drive = Drive.of(supervised=False)
    drive.see("process", Outcome.OK, cpu_percent=99.0)
    drive.see("process", Outcome.FAIL)
    for _ in range(3):
        drive.see("health", Outcome.FAIL)
    loud = [kind for kind in drive.told if kind != "changed"]
    assert loud == ["opened", "escalated"]


def test_an_incident_is_over_when_its_last_alert_is() -> None:
    drive = Drive.of(supervised=False)
    drive.see("process", Outcome.FAIL)
    for _ in range(3):
        drive.see("health", Outcome.FAIL)
    drive.see("health", Outcome.OK)
    assert drive.incident.live
    drive.see("process", Outcome.OK)
    assert drive.incident.state is IncidentState.RESOLVED
    assert drive.told[-1] == "resolved"


def test_an_incident_is_not_over_while_something_is_being_done() -> None:
    drive = Drive.of()
    drive.runs()
    drive.see("process", Outcome.OK)
    drive.crashes()
    drive.runs(11)
    drive.see("process", Outcome.OK)
    assert drive.incident.live
    succeed(drive)
    assert drive.incident.state is IncidentState.RESOLVED


def test_a_healthy_target_writes_nothing() -> None:
    drive = Drive.of()
    drive.runs()
    drive.changes.clear()  # that it is wanted is written once
    for _ in range(50):
        drive.see("process", Outcome.OK, cpu_percent=1.0)
        drive.see("health", Outcome.OK)
    drive.runs()
    assert drive.changes == []


def test_who_acknowledged_is_shown_and_the_second_one_is_told_who_has_it() -> None:
    drive = Drive.of(supervised=False)
    drive.see("process", Outcome.FAIL)
    drive.give(Acknowledge(1, OLGA, "on it"))
    assert drive.incident.acknowledged_by == OLGA
    assert drive.incident.state is IncidentState.ACKNOWLEDGED
    refusal = drive.give(Acknowledge(1, OTTO, "")).refusal
    assert refusal is not None
    assert "already acknowledged by Olga" in str(refusal)
    assert drive.incident.acknowledged_by == OLGA


def test_a_busy_process_that_runs_under_supervision_is_an_alert() -> None:
    drive = Drive.of()
    drive.runs()
    drive.see("process", Outcome.OK, cpu_percent=99.0)
    assert [line.rule for line in drive.incident.alerts] == ["high_cpu_usage"]


def test_a_resolved_or_unknown_incident_cannot_be_acknowledged() -> None:
    drive = Drive.of(supervised=False)
    drive.see("process", Outcome.FAIL)
    drive.see("process", Outcome.OK)
    assert "already resolved" in str(drive.give(Acknowledge(1, OLGA, "")).refusal)
    assert "no incident #77" in str(drive.give(Acknowledge(77, OLGA, "")).refusal)


def test_a_pause_is_noted_in_the_incident_and_ends_by_itself() -> None:
    drive = Drive.of()
    drive.runs()
    drive.give(PauseAsked("summarybot", 600.0, OLGA, "deploy"))
    drive.crashes()
    assert drive.started == []
    assert "paused by Olga" in drive.incident.doing
    due = drive.due_in()
    assert due is not None
    assert due == 600.0
    drive.tick(600.0)
    assert drive.state.pauses == {}
    assert len(drive.started) == 1


def test_resuming_lets_the_waiting_restart_begin() -> None:
    drive = Drive.of()
    drive.runs()
    drive.give(PauseAsked("summarybot", 600.0, OLGA, "deploy"))
    drive.crashes()
    drive.give(ResumeAsked("summarybot", OTTO), after=5.0)
    assert len(drive.started) == 1


def test_a_delivered_notice_leaves_the_outbox() -> None:
    drive = Drive.of(supervised=False)
    drive.see("process", Outcome.FAIL)
    waiting = tuple(drive.state.notices)
    assert waiting
    drive.give(Delivered(waiting))
    assert drive.state.notices == {}


def test_a_step_decides_without_touching_the_decisions() -> None:
    drive = Drive.of(supervised=False)
    drive.see("process", Outcome.OK)
    before = (dict(drive.state.alerts), dict(drive.state.incidents), dict(drive.state.notices))
    sample = drive.state.known["summarybot"].view.newest["process"]
    from dataclasses import replace

    from opsbot.engine.inputs import SampleSeen

    decided = step(drive.state, SampleSeen(replace(sample, outcome=Outcome.FAIL)), drive.now)
    assert any(isinstance(change, Incident) for change in decided.changes)
    assert before == (drive.state.alerts, drive.state.incidents, drive.state.notices)


def test_an_action_for_a_target_that_is_gone_from_the_configuration_still_ends() -> None:
    drive = Drive.of()
    drive.runs()
    drive.crashes()
    action = drive.started[0].action
    from dataclasses import replace

    ended = replace(action, target="old-name")
    assert drive.give(ActionMoved(ended)).refusal is None
