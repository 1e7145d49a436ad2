"""Diagnostics that are collected by themselves: for a rule that asks, and when an incident becomes urgent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsbot.domain.action import Action, ActionState
from opsbot.domain.diagnostics import APART, Investigation
from opsbot.domain.expr import Compare, Op, Reading
from opsbot.domain.incident import Entry
from opsbot.domain.levels import Outcome, Priority, Severity
from opsbot.domain.notice import Audience
from opsbot.domain.rule import ActionKind, Rule
from opsbot.engine.draft import RunAction
from opsbot.engine.inputs import ActionMoved, PauseAsked
from opsbot.engine.resuming import resume
from opsbot.engine.state import State
from opsbot.runtime.restore import restore
from opsbot.runtime.succession import succeed
from opsbot.stores._rows import Rows
from tests.engine.drive import NAME, OLGA, Drive, target

LEAK = Rule(
    "high_memory_usage",
    Compare(Reading("rss_bytes", name="rss", unit="MB"), Op.GT, 500.0),
    Severity.CRITICAL,
    Priority.P2,
    "It has {rss} MB",
    action=ActionKind.INVESTIGATE,
    recover_seconds=5.0,
    reads=frozenset({"process"}),
)


BY_DEFAULT = Investigation()


def watched(policy: Investigation | None = BY_DEFAULT) -> Drive:
    bot = replace(target(), rules=(*target().rules, LEAK), investigation=policy)
    drive = Drive(State.of([bot], {"ops": Audience()}))
    drive.runs(generation=1)
    return drive


def has(drive: Drive, megabytes: float, after: float = 5.0) -> None:
    drive.see("process", Outcome.OK, after=after, rss_bytes=megabytes)


def recovers(drive: Drive) -> None:
    for _ in range(8):
        has(drive, 100, after=1.0)
    assert not drive.incident.live


def investigations(drive: Drive) -> list[Action]:
    return [e.action for e in drive.started if e.action.kind is ActionKind.INVESTIGATE]


def end(drive: Drive, state: ActionState = ActionState.DONE, file: str = "diagnostics_1.tar.gz") -> None:
    action = investigations(drive)[-1]
    ended = replace(action, state=state, ended=drive.now, detail="Diagnostics collected: 9 parts", file=file)
    drive.give(ActionMoved(ended), after=0.01)


def files(drive: Drive) -> list[Entry]:
    return [entry for entry in drive.incident.timeline if entry.file]


def test_a_rule_that_asks_for_it_has_diagnostics_collected_once_and_they_stand_in_the_timeline() -> None:
    drive = watched()
    for _ in range(3):
        has(drive, 600)
    assert [a.reason for a in investigations(drive)] == ["It has 600 MB"]
    end(drive)
    assert [entry.file for entry in files(drive)] == ["diagnostics_1.tar.gz"]
    assert files(drive)[0].text == "Diagnostics collected: 9 parts"
    for _ in range(3):
        has(drive, 600)
    assert len(investigations(drive)) == 1


def test_an_incident_that_opens_as_p1_is_investigated_beside_its_restart() -> None:
    drive = watched()
    drive.crashes(code=1)
    assert {e.action.kind for e in drive.started} == {ActionKind.RESTART, ActionKind.INVESTIGATE}
    assert investigations(drive)[0].incident == drive.incident.id
    assert not investigations(drive)[0].on_service


def test_an_incident_that_becomes_p1_later_is_too() -> None:
    drive = watched()
    drive.see("process", Outcome.OK, after=5.0, cpu_percent=99.0)
    assert drive.incident.priority.value == "P3"
    assert investigations(drive) == []
    drive.crashes(code=1)
    assert drive.incident.priority.value == "P1"
    assert len(investigations(drive)) == 1


def test_on_p1_can_be_off_and_rules_still_ask() -> None:
    drive = watched(Investigation(on_p1=False))
    drive.crashes(code=1)
    assert investigations(drive) == []
    drive = watched(Investigation(on_p1=False))
    has(drive, 600)
    assert len(investigations(drive)) == 1


def test_nothing_is_collected_where_the_action_is_off() -> None:
    drive = watched(None)
    drive.crashes(code=1)
    has(drive, 600)
    assert investigations(drive) == []


def test_of_two_reasons_at_once_one_bundle_comes() -> None:
    drive = watched()
    has(drive, 600)
    drive.crashes(code=1)
    assert len(investigations(drive)) == 1


@pytest.mark.parametrize(("seconds", "count"), [(APART - 60, 1), (APART + 60, 2)])
def test_it_comes_at_most_every_ten_minutes(seconds: float, count: int) -> None:
    drive = watched()
    has(drive, 600)
    end(drive)
    recovers(drive)
    has(drive, 100, after=seconds)
    has(drive, 600)
    assert len(investigations(drive)) == count


def rebuilt(drive: Drive) -> Drive:
    """opsbot was killed, and begins anew with what is stored."""
    rows = Rows()
    rows.apply(drive.changes, drive.now)
    (known,) = drive.state.known.values()
    fresh = Drive(State.of([known.target], {"ops": Audience()}), drive.now)
    restore(fresh.state, rows.persisted(drive.now))
    return fresh


@pytest.mark.parametrize(("seconds", "count"), [(APART - 60, 0), (APART + 60, 1)])
def test_a_restart_of_opsbot_lets_no_bundle_come_sooner(seconds: float, count: int) -> None:
    drive = watched()
    has(drive, 600)
    end(drive)
    recovers(drive)
    again = rebuilt(drive)
    again.runs(generation=1)
    has(again, 100, after=seconds)
    has(again, 600)
    assert len(investigations(again)) == count


@pytest.mark.parametrize(("seconds", "count"), [(APART - 60, 0), (APART + 60, 1)])
def test_nor_do_new_settings(seconds: float, count: int) -> None:
    drive = watched()
    has(drive, 600)
    end(drive)
    recovers(drive)
    (known,) = drive.state.known.values()
    again = Drive(State.of([known.target], {"ops": Audience()}), drive.now)
    succeed(again.state, drive.state, [NAME])
    has(again, 100, after=seconds)
    has(again, 600)
    assert len(investigations(again)) == count


def test_a_pause_holds_it() -> None:
    drive = watched()
    drive.give(PauseAsked(NAME, 600.0, OLGA, "a deploy"))
    has(drive, 600)
    drive.crashes(code=1)
    assert investigations(drive) == []


def test_a_dry_run_collects_nothing() -> None:
    drive = watched()
    drive.state.policy = replace(drive.state.policy, dry_run=True)
    has(drive, 600)
    assert investigations(drive) == []


def test_a_failure_is_said_and_has_no_file() -> None:
    drive = watched()
    has(drive, 600)
    end(drive, ActionState.FAILED)
    assert files(drive) == []
    assert "could not be collected" in drive.incident.timeline[-1].text


def test_an_incident_that_was_over_first_gets_its_file_all_the_same() -> None:
    drive = watched()
    has(drive, 600)
    recovers(drive)
    end(drive)
    assert len(files(drive)) == 1
    assert not drive.incident.live


def taken_up(drive: Drive) -> list[Action]:
    """What the next opsbot begins of it."""
    step = resume(drive.state, drive.now)
    drive.state.apply(step.changes)
    drive.changes += step.changes
    begun = [effect for effect in step.effects if isinstance(effect, RunAction)]
    return [effect.action for effect in begun if effect.action.kind is ActionKind.INVESTIGATE]


def test_one_that_opsbots_end_cut_off_is_done_anew_once_and_then_given_up() -> None:
    drive = watched()
    has(drive, 600)
    assert [action.tries for action in taken_up(drive)] == [2]
    assert taken_up(drive) == []
    assert drive.state.actions == {}
    assert "given up" in drive.incident.timeline[-1].text
    assert taken_up(drive) == []
