"""The settings change while opsbot runs: what was seen and decided goes on, as far as it means the same."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from opsbot.domain.action import ActionState, Wanted
from opsbot.domain.expr import Compare, Op, Reading
from opsbot.domain.levels import AlertState, IncidentState, Outcome
from opsbot.domain.notice import Audience, NoticeKind
from opsbot.domain.rule import ActionKind, Rule
from opsbot.domain.target import Target
from opsbot.engine.inputs import ActionAsked, ActionMoved, OwnTrouble, PauseAsked, ProcessMissing
from opsbot.engine.own import CONFIG_RULE, STATE_RULE
from opsbot.engine.renaming import renamed
from opsbot.engine.resuming import resume
from opsbot.engine.state import State
from opsbot.runtime.succession import succeed
from tests.engine.drive import BUSY, DOWN, NAME, OLGA, OTTO, UNHEALTHY, Drive, target

CPU = Reading("cpu_percent", name="cpu", unit="%")
HELD = replace(BUSY, hold_seconds=10.0)


def under(drive: Drive, *targets: Target, same: Collection[str] = (NAME,)) -> Drive:
    """The same opsbot under other settings."""
    state = State.of(targets, {"ops": Audience()})
    succeed(state, drive.state, same)
    return Drive(state, drive.now)


def begun(drive: Drive, left: Mapping[str, str] | None = None) -> Drive:
    decided = resume(drive.state, drive.now, left or {})
    drive.state.apply(decided.changes)
    drive.changes += decided.changes
    return drive


def with_rules(*rules: Rule) -> Target:
    return replace(target(), rules=rules)


def watching(*rules: Rule) -> Drive:
    drive = Drive(State.of([with_rules(*rules)], {"ops": Audience()}))
    drive.runs()
    drive.see("process", Outcome.OK, cpu_percent=10.0)
    drive.see("health", Outcome.OK)
    return drive


def test_a_rule_that_did_not_change_goes_on_where_its_hold_was() -> None:
    drive = watching(HELD, DOWN)
    for _ in range(6):
        drive.see("process", Outcome.OK, cpu_percent=99.0)
    after = begun(under(drive, with_rules(HELD, DOWN, UNHEALTHY)))
    for _ in range(5):
        after.see("process", Outcome.OK, cpu_percent=99.0)
    assert after.incident.alerts[0].rule == HELD.name


def test_a_rule_that_changed_begins_anew() -> None:
    drive = watching(HELD, DOWN)
    for _ in range(6):
        drive.see("process", Outcome.OK, cpu_percent=99.0)
    after = begun(under(drive, with_rules(replace(HELD, hold_seconds=9.0), DOWN)))
    for _ in range(5):
        after.see("process", Outcome.OK, cpu_percent=99.0)
    assert not after.state.incidents
    for _ in range(6):
        after.see("process", Outcome.OK, cpu_percent=99.0)
    assert after.state.incidents


def test_a_check_that_looks_elsewhere_is_unknown_until_it_has_looked() -> None:
    drive = watching(BUSY, DOWN)
    changed = with_rules(BUSY, DOWN)
    checks = tuple(replace(c, options="other") if c.name == "health" else c for c in changed.checks)
    after = under(drive, replace(changed, checks=checks))
    assert list(after.state.known[NAME].view.newest) == ["process"]
    assert after.state.known[NAME].answered == {"process"}


def test_how_often_a_check_looks_is_no_other_check() -> None:
    drive = watching(BUSY, DOWN)
    changed = with_rules(BUSY, DOWN)
    checks = tuple(replace(c, interval=60.0) for c in changed.checks)
    after = under(drive, replace(changed, checks=checks))
    assert set(after.state.known[NAME].view.newest) == {"process", "health"}
    assert after.state.known[NAME].progress[BUSY.name].interval == 61.0


def test_a_process_that_runs_is_known_and_its_death_told_at_once() -> None:
    after = begun(under(watching(DOWN), with_rules(DOWN, BUSY)))
    after.crashes(code=1)
    assert "exited with code 1" in after.incident.alerts[0].reason
    assert len(after.started) == 1


def test_where_the_service_is_another_its_process_is_looked_for_anew() -> None:
    after = under(watching(DOWN), with_rules(DOWN), same=())
    assert after.state.known[NAME].running is None
    assert not after.state.known[NAME].looked


def test_a_firing_alert_and_its_incident_go_on_and_the_new_limit_decides() -> None:
    drive = watching(BUSY, DOWN)
    drive.see("process", Outcome.OK, cpu_percent=90.0)
    assert drive.incident.live
    higher = replace(BUSY, condition=Compare(CPU, Op.GT, 95.0))
    after = begun(under(drive, with_rules(higher, DOWN)))
    assert after.incident.live
    after.see("process", Outcome.OK, cpu_percent=90.0)
    assert not after.incident.live


def test_a_rule_that_is_gone_ends_its_alert_with_that_reason() -> None:
    drive = watching(BUSY, DOWN)
    drive.see("process", Outcome.OK, cpu_percent=90.0)
    after = begun(under(drive, with_rules(DOWN)))
    assert after.incident.state is IncidentState.RESOLVED
    assert "its rule is no longer configured" in after.incident.timeline[-2].text


def test_a_removed_target_ends_its_incident_and_says_what_becomes_of_its_process() -> None:
    drive = watching(BUSY, DOWN)
    drive.see("process", Outcome.OK, cpu_percent=90.0)
    other = replace(with_rules(DOWN), name="other")
    after = begun(under(drive, other), {NAME: "its process (pid 10) runs on"})
    assert after.incident.state is IncidentState.RESOLVED
    assert "pid 10) runs on" in after.incident.timeline[-1].text
    assert after.state.desired[NAME].wanted is Wanted.RUNNING, "when it is put back it is what it was"


def test_a_renamed_target_keeps_all_that_was_decided_about_it() -> None:
    drive = watching(BUSY, DOWN)
    drive.see("process", Outcome.OK, cpu_percent=90.0)
    drive.give(PauseAsked(NAME, 600.0, OTTO, "deploy"))
    for _ in range(2):  # after a crash in between it is done once more
        drive.state.apply(renamed(drive.state, {NAME: "newsbot"}, drive.now))
    after = begun(under(drive, replace(with_rules(BUSY, DOWN), name="newsbot"), same=()))
    assert [(a.target, a.state) for a in after.state.alerts.values()] == [("newsbot", AlertState.FIRING)]
    assert after.incident.live
    assert after.incident.target == "newsbot"
    assert after.state.live("newsbot") is after.incident
    assert after.state.live(NAME) is None
    assert after.state.desired["newsbot"].wanted is Wanted.RUNNING
    assert after.state.desired[NAME].wanted is Wanted.AS_FOUND
    assert list(after.state.pauses) == ["newsbot"]
    assert len([e for e in after.incident.timeline if "is called newsbot now" in e.text]) == 1


def test_what_is_wrong_with_the_state_file_is_still_so_under_new_settings() -> None:
    drive = watching(DOWN)
    drive.give(OwnTrouble(STATE_RULE, "the disk is full"))
    drive.give(OwnTrouble(CONFIG_RULE, "the file is wrong"))
    after = begun(under(drive, with_rules(DOWN)))
    assert [a.rule for a in after.state.alerts.values() if a.firing] == [STATE_RULE]
    assert after.state.degraded_since == drive.state.degraded_since is not None
    after.give(OwnTrouble(STATE_RULE, ""))
    assert not after.incident.live


def test_a_wrong_file_is_less_urgent_than_a_service_that_is_down() -> None:
    drive = watching(DOWN)
    drive.give(OwnTrouble(CONFIG_RULE, "the file is wrong"))
    drive.give(OwnTrouble(CONFIG_RULE, "the file is wrong in another way"))
    assert (drive.incident.priority.value, drive.told) == ("P3", ["opened", "changed"])
    assert drive.incident.title == "the file is wrong in another way"
    assert drive.incident.fired == 1
    drive.give(OwnTrouble(CONFIG_RULE, ""))
    assert not drive.incident.live
    assert "config_invalid is over" in [entry.text for entry in drive.incident.timeline]


def test_a_restart_that_fails_beside_what_may_be_the_service_is_no_death() -> None:
    after = begun(under(watching(DOWN), with_rules(DOWN), same=()))
    after.state.known[NAME].looked = True  # it runs on, unknown to its new supervisor
    after.give(ProcessMissing(NAME, None, alike=1))
    after.give(ActionAsked(NAME, ActionKind.RESTART, OLGA, "x"))
    action = after.started[-1].action
    after.give(ActionMoved(replace(action, state=ActionState.FAILED, detail="not started", ended=after.now)))
    assert not after.state.incidents


def test_what_only_a_notifier_that_is_gone_was_to_tell_is_told_by_the_one_in_its_place() -> None:
    drive = watching(BUSY)
    drive.see("process", Outcome.OK, cpu_percent=99.0)
    state = State.of([with_rules(BUSY)], {"mail": Audience()})
    succeed(state, drive.state, (NAME,))
    after = begun(Drive(state, drive.now))
    assert [(n.notifier, n.kind) for n in after.state.notices.values()] == [("mail", NoticeKind.OPENED)]
