"""The actions `monitor` and `check_api_key`: begun for a rule, told as a line of its incident."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsbot.domain.action import Action, ActionState
from opsbot.domain.audit import AuditEntry
from opsbot.domain.credential import Credential
from opsbot.domain.diagnostics import APART
from opsbot.domain.expr import Compare, Op, Reading
from opsbot.domain.levels import Outcome, Priority, Severity
from opsbot.domain.notice import Audience
from opsbot.domain.rule import ActionKind, Rule
from opsbot.domain.target import Target
from opsbot.engine.draft import RunAction
from opsbot.engine.inputs import ActionMoved, PauseAsked
from opsbot.engine.resuming import resume
from opsbot.engine.state import State
from tests.engine.drive import NAME, OLGA, Drive, target

KINDS = (ActionKind.MONITOR, ActionKind.CHECK_API_KEY)
KEY = Credential("openrouter", "OPENROUTER_API_KEY")


def rule(kind: ActionKind) -> Rule:
    return Rule(
        f"slow_{kind.value}",
        Compare(Reading("health_response_seconds", name="response_time", unit="s"), Op.GT, 5.0),
        Severity.WARNING,
        Priority.P3,
        "It is slow",
        action=kind,
        recover_seconds=5.0,
        reads=frozenset({"health"}),
    )


def watched(kind: ActionKind) -> Drive:
    bot = replace(target(), rules=(*target().rules, rule(kind)), close_watch=300.0, credentials=(KEY,))
    return driven(bot)


def driven(bot: Target) -> Drive:
    drive = Drive(State.of([bot], {"ops": Audience()}))
    drive.runs(generation=1)
    return drive


def slow(drive: Drive, seconds: float = 6.0, after: float = 5.0) -> None:
    drive.see("health", Outcome.OK, after=after, health_response_seconds=seconds)


def begun(drive: Drive) -> list[Action]:
    return [e.action for e in drive.started if e.action.kind in KINDS]


def end(drive: Drive, detail: str, state: ActionState = ActionState.DONE) -> None:
    ended = replace(begun(drive)[-1], state=state, ended=drive.now, detail=detail)
    drive.give(ActionMoved(ended), after=0.01)


def outcomes(drive: Drive) -> list[tuple[str, str]]:
    names = {kind.value for kind in KINDS}
    return [(c.verb, c.outcome) for c in drive.changes if isinstance(c, AuditEntry) and c.verb in names]


@pytest.mark.parametrize("kind", KINDS)
def test_a_rule_that_asks_for_it_has_it_begun_once_and_it_is_audited(kind: ActionKind) -> None:
    drive = watched(kind)
    for _ in range(3):
        slow(drive)
    (action,) = begun(drive)
    assert (action.kind, action.reason, action.incident) == (kind, "It is slow", drive.incident.id)
    assert not action.on_service
    end(drive, "seen")
    assert outcomes(drive) == [(kind.value, "allowed"), (kind.value, "done")]
    assert drive.incident.timeline[-1].text.startswith("seen")
    assert drive.state.known[NAME].rotated is None, "a look is no rotation"


def test_the_line_about_a_watch_says_whether_what_it_was_for_goes_on() -> None:
    drive = watched(ActionKind.MONITOR)
    slow(drive)
    end(drive, "Watched for 5 min")
    assert drive.incident.timeline[-1].text == "Watched for 5 min; still firing: slow_monitor"


def test_an_incident_that_is_over_meanwhile_gets_its_line_all_the_same() -> None:
    drive = watched(ActionKind.MONITOR)
    slow(drive)
    for _ in range(8):
        slow(drive, 0.1, after=1.0)
    assert not drive.incident.live
    end(drive, "Watched for 5 min")
    assert drive.incident.timeline[-1].text == "Watched for 5 min; nothing fires any more"


@pytest.mark.parametrize(
    ("kind", "said"),
    [(KINDS[0], "It could not be watched more closely: no"), (KINDS[1], "Its keys could not be checked: no")],
)
def test_what_cannot_be_done_is_said(kind: ActionKind, said: str) -> None:
    drive = watched(kind)
    slow(drive)
    end(drive, "no", ActionState.FAILED)
    assert drive.incident.timeline[-1].text.startswith(said)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("held", ["pause", "dry run", "not configured"])
def test_what_holds_automation_holds_it(kind: ActionKind, held: str) -> None:
    drive = watched(kind)
    if held == "pause":
        drive.give(PauseAsked(NAME, 600.0, OLGA, "a deploy"))
    elif held == "dry run":
        drive.state.policy = replace(drive.state.policy, dry_run=True)
    else:
        drive = driven(replace(target(), rules=(*target().rules, rule(kind))))
    slow(drive)
    assert drive.incident.live
    assert begun(drive) == []


@pytest.mark.parametrize(("seconds", "count"), [(APART - 60, 1), (APART + 60, 2)])
def test_it_comes_at_most_every_ten_minutes(seconds: float, count: int) -> None:
    drive = watched(ActionKind.CHECK_API_KEY)
    slow(drive)
    end(drive, "accepted")
    for _ in range(8):
        slow(drive, 0.1, after=1.0)
    slow(drive, 0.1, after=seconds)
    slow(drive)
    assert len(begun(drive)) == count


def taken_up(drive: Drive) -> list[Action]:
    step = resume(drive.state, drive.now)
    drive.state.apply(step.changes)
    return [effect.action for effect in step.effects if isinstance(effect, RunAction)]


def test_a_watch_goes_on_after_every_end_of_opsbot_for_its_time_bounds_it() -> None:
    drive = watched(ActionKind.MONITOR)
    slow(drive)
    assert [len(taken_up(drive)) for _ in range(3)] == [1, 1, 1]


def test_a_check_of_keys_that_was_cut_off_is_done_anew_once() -> None:
    drive = watched(ActionKind.CHECK_API_KEY)
    slow(drive)
    assert [len(taken_up(drive)) for _ in range(2)] == [1, 0]
    assert drive.state.actions == {}
