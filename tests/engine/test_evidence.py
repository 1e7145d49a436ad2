"""What counts as a reason to restart, and what a start does with what an earlier opsbot left."""

from __future__ import annotations

from dataclasses import replace

from opsbot.domain.action import ActionState
from opsbot.domain.audit import AuditEntry
from opsbot.domain.change import NoticeDone
from opsbot.domain.levels import IncidentState, Outcome
from opsbot.domain.process import Exit
from opsbot.domain.rule import ActionKind, RestartPolicy
from opsbot.engine.inputs import Acknowledge, ActionAsked, OwnTrouble, ProcessEnded, ProcessFound, Restate
from opsbot.engine.own import STATE_RULE
from opsbot.engine.resuming import resume
from opsbot.engine.state import State, known_of
from tests.engine.drive import DOWN, NAME, OLGA, Drive, target
from tests.engine.test_repair import end, succeed


def after_a_restart_of_opsbot(drive: Drive) -> Drive:
    """The next opsbot: the decisions as stored, nothing seen yet."""
    again = Drive.of()
    old = drive.state
    again.state = replace(old, known=again.state.known)
    again.now = drive.now.after(60.0)
    again.state.known[NAME].looked = True
    return again


def down_for_good() -> Drive:
    drive = Drive.of(RestartPolicy(enabled=False))
    drive.runs()
    drive.see("process", Outcome.OK)
    drive.crashes()
    assert drive.incident.live
    return drive


def test_an_alert_of_before_is_no_reason_until_it_is_seen_again() -> None:
    drive = after_a_restart_of_opsbot(down_for_good())
    drive.see("health", Outcome.OK)
    drive.tick(60.0)
    assert drive.started == []
    drive.see("process", Outcome.FAIL)
    assert len(drive.started) == 1


def test_an_alert_that_only_waits_for_its_recovery_is_no_reason() -> None:
    drive = Drive.of()
    patient = replace(DOWN, recover_seconds=300.0)
    drive.state.known[NAME] = known_of(replace(target(), rules=(patient,)))
    drive.runs()
    drive.see("process", Outcome.OK)
    drive.crashes()
    succeed(drive)
    for _ in range(200):
        drive.see("process", Outcome.OK, after=1.0)
    assert drive.incident.live
    assert len(drive.started) == 1
    for _ in range(120):
        drive.see("process", Outcome.OK, after=1.0)
    assert not drive.incident.live


def test_a_hold_ends_with_health_and_not_with_a_sample_of_something_else() -> None:
    drive = Drive.of(RestartPolicy(max_per_hour=1))
    drive.runs()
    drive.crashes()
    end(drive, ActionState.FAILED)
    drive.see("process", Outcome.FAIL, after=700.0)
    drive.see("health", Outcome.OK)
    held = {line.rule for line in drive.incident.alerts if line.firing}
    assert "restarts_on_hold" in held
    drive.give(ActionAsked(NAME, ActionKind.RESTART, OLGA, "try"))
    end(drive, ActionState.FAILED)
    drive.see("health", Outcome.OK)
    assert "restarts_on_hold" in {line.rule for line in drive.incident.alerts if line.firing}
    assert drive.told.count("escalated") <= 1


def test_the_late_end_of_an_old_process_says_nothing_about_its_successor() -> None:
    drive = Drive.of()
    old = drive.runs(10)
    drive.runs(11)
    drive.give(ProcessEnded(NAME, old, Exit(drive.now, code=1)))
    assert drive.started == []
    assert drive.state.known[NAME].running is not None


def test_a_refused_acknowledgement_is_in_the_audit() -> None:
    drive = down_for_good()
    drive.give(Acknowledge(drive.incident.id, OLGA, ""))
    decided = drive.give(Acknowledge(drive.incident.id, OLGA, ""))
    assert decided.refusal is not None
    entries = [c for c in decided.changes if isinstance(c, AuditEntry)]
    assert [(e.verb, e.outcome, e.target) for e in entries] == [("acknowledge", "refused", NAME)]


def test_notices_for_a_notifier_that_is_gone_are_given_up() -> None:
    drive = down_for_good()
    assert drive.state.notices
    drive.state.notifiers = {}
    decided = resume(drive.state, drive.now)
    dead = [c.dead for c in decided.changes if isinstance(c, NoticeDone)]
    assert len(dead) == len(drive.state.notices)
    assert all("no longer configured" in why for why in dead)


def test_an_alert_whose_rule_is_gone_ends_and_its_incident_with_it() -> None:
    drive = down_for_good()
    drive.state.known[NAME] = known_of(replace(target(), rules=()))
    drive.state.apply(resume(drive.state, drive.now).changes)
    assert drive.incident.state is IncidentState.RESOLVED
    assert drive.state.alerts == {}


def test_what_is_still_configured_is_left_as_it_was() -> None:
    drive = down_for_good()
    assert resume(drive.state, drive.now).changes == []


def test_trouble_of_opsbots_own_is_an_incident_until_it_is_over() -> None:
    drive = Drive.of()
    drive.give(OwnTrouble(STATE_RULE, "state.db cannot be written: disk full"))
    drive.give(OwnTrouble(STATE_RULE, "state.db cannot be written: disk full"))
    assert (drive.incident.target, drive.incident.title) == (
        "opsbot",
        "state.db cannot be written: disk full",
    )
    assert drive.told == ["opened"]
    drive.give(OwnTrouble(STATE_RULE, ""))
    assert not drive.incident.live
    assert drive.told[-1] == "resolved"


def test_what_memory_holds_can_be_written_anew_and_reads_back_the_same() -> None:
    drive = down_for_good()
    drive.give(Acknowledge(drive.incident.id, OLGA, "mine"))
    decided = drive.give(Restate(frozenset(drive.state.incidents)))
    fresh = State.of([target()], drive.state.notifiers)
    fresh.apply(decided.changes)
    for name in ("alerts", "incidents", "actions", "desired", "pauses", "restarts", "notices", "receipts"):
        assert getattr(fresh, name) == getattr(drive.state, name)
    assert fresh.next_incident == drive.state.next_incident


def test_finding_the_process_lets_automation_try_again_after_a_hopeless_start() -> None:
    drive = Drive.of()
    running = drive.runs()
    drive.state.known[NAME].hopeless = "no such file"
    drive.give(ProcessFound(NAME, running))
    assert drive.state.known[NAME].hopeless == ""
