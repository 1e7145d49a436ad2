"""Who is called in when nobody hears or nobody acts, and notifiers that do not deliver."""

from __future__ import annotations

from dataclasses import replace

from opsbot.domain.levels import Outcome, Priority
from opsbot.domain.notice import Audience, Chain, EscalationStep, NoticeKind
from opsbot.domain.quiet import QuietHours
from opsbot.domain.sample import Sample
from opsbot.domain.silence import Matcher
from opsbot.engine import alerting, opening, telling
from opsbot.engine.draft import Draft
from opsbot.engine.inputs import Acknowledge, SampleSeen, SilenceAsked, Stuck
from opsbot.engine.own import OWN
from opsbot.engine.state import known_of
from opsbot.runtime.restore import restore
from opsbot.runtime.succession import decisions
from tests.engine.desk import Desk
from tests.engine.drive import DOWN, NAME, OLGA, target

NIGHT = Audience(quiet=QuietHours(0, 0))  # all day
CHAIN = Chain(fallback=("mail", "pager"), silent_after=300.0)


def test_the_fallback_is_told_when_the_first_is_silent_for_so_long() -> None:
    drive = Desk.with_chain(CHAIN)
    drive.breaks()
    drive.pass_time(290.0)
    assert drive.waiting("mail") == []
    drive.pass_time(20.0)
    assert drive.waiting("mail") == [NoticeKind.OPENED]
    assert drive.waiting("pager") == []
    assert "mail told as well: nobody was reached" in drive.state.incidents[1].timeline[-1].text


def test_when_the_fallback_is_silent_too_the_next_one_is_told() -> None:
    drive = Desk.with_chain(CHAIN)
    drive.breaks()
    drive.pass_time(650.0)
    assert drive.waiting("pager") == [NoticeKind.OPENED]
    drive.pass_time(86_400.0)
    assert not drive.state.unheard


def test_the_fallback_hears_the_end_of_what_it_was_called_in_for_and_nothing_else() -> None:
    drive = Desk.with_chain(CHAIN)
    drive.breaks()
    drive.pass_time(310.0)
    drive.deliver("mail")
    drive.deliver("ops")
    drive.recovers()
    assert NoticeKind.RESOLVED in drive.waiting("mail")
    drive.deliver("mail")
    drive.deliver("ops")
    drive.breaks()
    drive.deliver("ops")
    drive.pass_time(3600.0)
    assert drive.waiting("mail") == []


def test_nobody_is_called_in_when_somebody_was_told_in_time() -> None:
    drive = Desk.with_chain(CHAIN)
    drive.breaks()
    drive.deliver("ops", after=100.0)
    drive.pass_time(86_400.0)
    assert drive.state.notices == {}


def test_a_line_in_a_file_reaches_nobody() -> None:
    drive = Desk.with_chain(CHAIN, log=Audience(people=False))
    drive.breaks()
    drive.deliver("log")
    drive.pass_time(310.0)
    assert drive.waiting("mail") == [NoticeKind.OPENED]


def test_the_fallback_hears_of_what_was_over_before_anybody_was_reached() -> None:
    drive = Desk.with_chain(CHAIN)
    drive.breaks()
    drive.recovers()
    drive.pass_time(310.0)
    assert drive.waiting("mail") == [NoticeKind.OPENED]
    assert not drive.state.incidents[1].live


def test_a_notifier_that_refuses_everything_is_told_of_and_the_fallback_does_not_wait() -> None:
    drive = Desk.with_chain(CHAIN)
    drive.breaks()
    drive.give(Stuck("ops", "there is no channel 5"))
    assert NoticeKind.OPENED in drive.waiting("mail")
    own = drive.state.live(OWN)
    assert own is not None
    assert own.title == "Alerts do not arrive through ops: there is no channel 5"
    assert own.priority is Priority.P2


def test_a_notice_that_is_given_up_is_an_incident_of_its_own_and_another_is_told() -> None:
    drive = Desk.with_chain(CHAIN)
    drive.breaks()
    drive.deliver("ops", dead="400 invalid blocks")
    own = drive.state.live(OWN)
    assert own is not None
    assert own.title == "A notice of incident #1 was given up by ops: 400 invalid blocks"
    assert drive.waiting("mail") == [NoticeKind.OPENED]


def test_dead_letters_about_dead_letters_do_not_breed() -> None:
    drive = Desk.with_chain(Chain())
    drive.breaks()
    for _ in range(20):
        if drive.state.notices:
            drive.deliver("ops", dead="400")
    assert drive.state.notices == {}
    assert len(drive.state.incidents) == 2


def test_when_it_delivers_again_that_incident_is_over() -> None:
    drive = Desk.with_chain(Chain())
    drive.breaks()
    drive.give(Stuck("ops", "refused"))
    drive.deliver("ops")
    assert drive.state.live(OWN) is None
    assert drive.state.stuck == set()


def test_what_quiet_hours_hold_back_holds_back_no_other_alarm() -> None:
    drive = Desk.with_chain(CHAIN, ops=NIGHT)
    drive.state.known["other"] = known_of(replace(target(supervised=False), name="other"))
    drive.give(SampleSeen(Sample("other", "process", drive.now, Outcome.OK, "busy", {"cpu_percent": 99.0})))
    drive.breaks()
    drive.pass_time(310.0)
    assert drive.called() == {1: (), 2: ("mail",)}


def test_an_incident_that_gets_urgent_in_quiet_hours_is_missed_from_then_on() -> None:
    drive = Desk.with_chain(CHAIN, ops=NIGHT)
    drive.runs()
    drive.see("process", Outcome.OK, cpu_percent=99.0)
    drive.crashes()
    drive.pass_time(310.0)
    assert drive.called() == {1: ("mail",)}


def test_nobody_is_called_in_at_night_for_what_waits_for_the_morning() -> None:
    drive = Desk.with_chain(CHAIN, ops=NIGHT)
    drive.runs()
    drive.see("process", Outcome.OK, cpu_percent=99.0)
    drive.give(Stuck("ops", "there is no channel 5"))
    assert drive.called()[1] == ()


def test_an_alarm_during_an_outage_that_is_known_is_told_by_the_fallback_at_once() -> None:
    drive = Desk.with_chain(CHAIN)
    drive.give(Stuck("ops", "there is no channel 5"))
    assert drive.waiting("mail") == [NoticeKind.OPENED], "that ops does not work is told by mail"
    drive.deliver("mail")
    drive.breaks()
    assert drive.waiting("mail") == [NoticeKind.OPENED]
    assert drive.waiting("pager") == []


def test_an_alarm_that_came_while_another_was_told_still_has_to_be_heard() -> None:
    drive = Desk.with_chain(CHAIN)
    drive.runs()
    drive.see("process", Outcome.OK, cpu_percent=99.0)
    delivered = drive.goes("ops")
    drive.crashes()
    drive.give(delivered)
    drive.pass_time(290.0)
    assert drive.waiting("mail") == []
    drive.pass_time(20.0)
    assert drive.waiting("mail") == [NoticeKind.OPENED]


def test_after_a_restart_nobody_is_called_in_for_what_the_fallback_was_told_already() -> None:
    before = Desk.with_chain(CHAIN)
    before.breaks()
    before.pass_time(310.0)
    before.deliver("mail")
    drive = Desk.with_chain(CHAIN)
    restore(drive.state, decisions(before.state))
    drive.now = before.now
    drive.pass_time(86_400.0)
    assert drive.called() == {1: ("mail",)}


def test_after_a_restart_the_fallback_is_still_called_in_for_what_nobody_heard() -> None:
    before = Desk.with_chain(CHAIN)
    before.breaks()
    drive = Desk.with_chain(CHAIN)
    restore(drive.state, decisions(before.state))
    drive.now = before.now
    drive.pass_time(310.0)
    assert drive.waiting("mail") == [NoticeKind.OPENED]


STEPS = Chain(
    steps=(
        EscalationStep(900.0, ("mail",), frozenset({Priority.P1})),
        EscalationStep(1800.0, ("pager",), frozenset({Priority.P1})),
    )
)


def test_nobody_acknowledges_and_the_chain_is_told_step_by_step() -> None:
    drive = Desk.with_chain(STEPS)
    drive.breaks()
    drive.deliver("ops")
    drive.pass_time(890.0)
    assert drive.waiting("mail") == []
    drive.pass_time(20.0)
    assert (drive.waiting("mail"), drive.waiting("pager")) == ([NoticeKind.ESCALATED], [])
    drive.pass_time(900.0)
    assert drive.waiting("pager") == [NoticeKind.ESCALATED]
    assert "nobody has acknowledged it for" in drive.state.incidents[1].timeline[-1].text


def test_what_is_acknowledged_escalates_no_further() -> None:
    drive = Desk.with_chain(STEPS)
    drive.breaks()
    drive.pass_time(910.0)
    drive.give(Acknowledge(1, OLGA, "mine"))
    drive.pass_time(86_400.0)
    assert drive.waiting("pager") == []


def test_a_less_urgent_incident_does_not_escalate() -> None:
    drive = Desk.with_chain(STEPS)
    drive.runs()
    drive.see("process", Outcome.OK, cpu_percent=99.0)
    drive.pass_time(86_400.0)
    assert drive.waiting("mail") == []


def test_a_fallback_and_a_step_of_the_same_minute_are_both_called_in_for_good() -> None:
    both = Chain(("mail",), 300.0, (EscalationStep(300.0, ("pager",)),))
    drive = Desk.with_chain(both)
    drive.breaks()
    drive.pass_time(310.0)
    assert drive.called() == {1: ("mail", "pager")}
    drive.recovers()
    assert NoticeKind.RESOLVED in drive.waiting("mail")
    assert NoticeKind.RESOLVED in drive.waiting("pager")


def test_what_ends_in_the_moment_in_which_it_would_escalate_stays_over() -> None:
    drive = Desk.with_chain(STEPS)
    drive.breaks()
    draft = Draft(drive.state, drive.now.after(900.0))
    alerting.clear_builtin(draft, NAME, DOWN.name, "it runs again")
    opening.settle_incident(draft, NAME)
    telling.overdue(draft)
    drive.state.apply(draft.changes())
    assert not drive.state.incidents[1].live
    assert drive.waiting("mail") == []


def test_what_is_silenced_calls_nobody_in() -> None:
    drive = Desk.with_chain(CHAIN)
    drive.breaks()
    drive.give(SilenceAsked(Matcher(), 86_400.0, OLGA, "", incident=1))
    drive.pass_time(3600.0)
    assert "mail" not in drive.incident.called
