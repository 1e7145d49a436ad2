"""Who hears of it: rows that say something, quiet hours, and what each notifier wants."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsbot.domain.levels import Outcome, Priority, Severity
from opsbot.domain.moment import Moment
from opsbot.domain.notice import Audience, Chain, NoticeKind
from opsbot.domain.quiet import QuietHours
from opsbot.engine.inputs import Acknowledge
from opsbot.engine.state import RESOLVED_KEPT, State
from tests.engine.desk import Desk
from tests.engine.drive import BUSY, DOWN, NAME, OLGA, UNHEALTHY, target
from tests.zones import BERLIN, berlin, in_zone


def test_ten_thousand_changes_leave_one_row_a_kind() -> None:
    drive = Desk.with_chain(Chain())
    drive.breaks()
    for _ in range(500):
        drive.see("health", Outcome.OK)
        drive.see("process", Outcome.FAIL, cpu_percent=99.0)
        drive.see("process", Outcome.FAIL, cpu_percent=1.0)
    assert len(drive.changes) > 1000
    assert len(drive.state.notices) <= 4 * len(drive.state.incidents)


def test_every_alert_is_counted_however_few_messages_tell_of_them() -> None:
    drive = Desk.with_chain(Chain())
    drive.breaks()
    for _ in range(50):
        drive.see("process", Outcome.FAIL, cpu_percent=99.0)
        drive.see("process", Outcome.FAIL, cpu_percent=1.0)
    live = drive.state.live(NAME)
    assert live is not None
    assert {line.rule: line.times for line in live.alerts} == {"bot_process_down": 1, "high_cpu_usage": 50}
    assert live.fired == 51


def test_what_changed_during_a_delivery_is_told_after_it() -> None:
    drive = Desk.with_chain(Chain())
    drive.breaks()
    drive.see("process", Outcome.FAIL, cpu_percent=99.0)
    delivered = drive.goes("ops")
    drive.give(Acknowledge(1, OLGA, "mine"))
    drive.give(delivered)
    assert drive.waiting("ops") == [NoticeKind.CHANGED]


def test_an_alarm_that_comes_while_an_earlier_one_is_told_is_not_lost() -> None:
    worse = replace(UNHEALTHY, priority=Priority.P2, need=1, of=1)
    bot = replace(target(supervised=False), rules=(BUSY, worse, DOWN))
    drive = Desk(State.of([bot], {"ops": Audience()}))
    drive.see("process", Outcome.OK, cpu_percent=99.0)
    drive.deliver("ops")
    drive.see("health", Outcome.FAIL)
    assert drive.waiting("ops") == [NoticeKind.ESCALATED]
    delivered = drive.goes("ops")
    drive.see("process", Outcome.FAIL)
    drive.give(delivered)
    assert drive.incident.priority is Priority.P1
    assert drive.waiting("ops") == [NoticeKind.ESCALATED]


def test_whoever_was_told_of_it_hears_its_end_also_when_it_became_more_urgent_than_they_want() -> None:
    drive = Desk.with_chain(Chain(), board=Audience(priorities=frozenset({Priority.P3})))
    drive.runs()
    drive.see("process", Outcome.OK, cpu_percent=99.0)
    drive.deliver("board")
    drive.crashes()
    assert drive.waiting("board") == [NoticeKind.CHANGED]
    drive.deliver("board")
    drive.recovers()
    drive.see("process", Outcome.OK, cpu_percent=1.0)
    assert not drive.incident.live
    assert NoticeKind.RESOLVED in drive.waiting("board")


def test_a_delivery_of_the_newest_state_leaves_nothing() -> None:
    drive = Desk.with_chain(Chain())
    drive.breaks()
    drive.give(Acknowledge(1, OLGA, "mine"))
    drive.deliver("ops")
    assert drive.state.notices == {}


@pytest.mark.parametrize(("priority", "hours"), [(Priority.P3, 7.0), (Priority.P1, 0.0)])
def test_in_quiet_hours_only_what_is_urgent_is_told(priority: Priority, hours: float) -> None:
    quiet = QuietHours(22 * 60, 7 * 60)
    midnight = Moment(5000.0, 1_767_657_600.0)
    with in_zone("UTC"):
        assert quiet.over(priority, midnight).since(midnight) == hours * 3600.0


@pytest.mark.parametrize(
    ("night", "minutes"),
    [
        ("2026-03-29 00:10", 5 * 60 + 50),  # at 2:00 it is 3:00
        ("2026-10-25 00:10", 7 * 60 + 50),  # 2:00 comes twice
    ],
)
def test_quiet_hours_end_when_the_clock_on_the_wall_says_so_also_in_the_night_it_is_changed(
    night: str, minutes: int
) -> None:
    quiet, began = QuietHours(22 * 60, 7 * 60), Moment(0.0, berlin(night))
    with in_zone(BERLIN):
        assert quiet.over(Priority.P3, began).since(began) == minutes * 60.0


def test_less_urgent_incidents_wait_for_the_morning_and_an_escalation_does_not() -> None:
    quiet = Audience(quiet=QuietHours(0, 0))  # all day
    drive = Desk.with_chain(Chain(), ops=quiet)
    drive.runs()
    drive.see("process", Outcome.OK, cpu_percent=99.0)
    [notice] = drive.state.notices.values()
    assert notice.due.since(notice.created) > 0.0
    drive.crashes()
    assert min(n.due.mono for n in drive.state.notices.values()) <= drive.now.mono


def test_in_quiet_hours_an_acknowledgement_is_shown_at_once_where_the_incident_stands() -> None:
    night = QuietHours(0, 0)  # all day
    drive = Desk.with_chain(Chain(), ops=Audience(quiet=night, edits=True), mail=Audience(quiet=night))
    drive.runs()
    drive.see("process", Outcome.OK, cpu_percent=99.0)
    drive.give(Acknowledge(1, OLGA, "mine"))
    assert drive.due_now() == [], "what was never shown is not shown at night either"
    for name in ("ops", "mail"):
        drive.deliver(name)
    drive.see("process", Outcome.OK, cpu_percent=1.0)
    assert drive.due_now() == ["ops"]
    assert drive.waiting("mail") == [NoticeKind.RESOLVED]


def test_only_incidents_of_the_priorities_that_it_wants_are_told() -> None:
    drive = Desk.with_chain(Chain(), pager=Audience(priorities=frozenset({Priority.P1})))
    drive.runs()
    drive.see("process", Outcome.OK, cpu_percent=99.0)
    assert drive.waiting("pager") == []
    drive.crashes()
    assert drive.waiting("pager") == [NoticeKind.ESCALATED]


def test_severities_that_it_does_not_want_are_not_told() -> None:
    drive = Desk.with_chain(Chain(), pager=Audience(levels=frozenset({Severity.CRITICAL})))
    drive.runs()
    drive.see("process", Outcome.OK, cpu_percent=99.0)
    assert drive.waiting("pager") == []


def test_where_an_incident_stands_is_remembered_as_long_as_somebody_waits_to_be_told() -> None:
    drive = Desk.with_chain(Chain(), mail=Audience())
    drive.runs()
    drive.see("health", Outcome.OK)

    def comes_and_goes() -> None:
        for outcome in (Outcome.FAIL, Outcome.FAIL, Outcome.FAIL, Outcome.OK):
            drive.see("health", outcome)
            if drive.waiting("ops"):
                drive.deliver("ops")

    for _ in range(RESOLVED_KEPT + 50):
        comes_and_goes()
    assert len(drive.state.incidents) == RESOLVED_KEPT + 50
    assert len(drive.state.receipts) == RESOLVED_KEPT + 50
    while drive.waiting("mail"):
        drive.deliver("mail")
    comes_and_goes()
    assert len(drive.state.incidents) < RESOLVED_KEPT + 51
    assert {number for _, number in drive.state.receipts} == set(drive.state.incidents)
