"""Whom a restart is left to, what it waits for, and what is said when opsbot gives up."""

from __future__ import annotations

from dataclasses import replace

from opsbot.domain.action import ActionState
from opsbot.domain.levels import Outcome, Priority
from opsbot.domain.notice import Audience
from opsbot.domain.process import Exit, ProcessId, Running
from opsbot.domain.rule import ActionKind, RestartPolicy
from opsbot.domain.sample import Sample
from opsbot.engine.inputs import (
    ActionAsked,
    ActionMoved,
    Input,
    ProcessEnded,
    ProcessFound,
    ProcessMissing,
    SampleSeen,
)
from opsbot.engine.repair import FREQUENT_RULE, HOLD_RULE
from opsbot.engine.state import State
from tests.engine.drive import NAME, OLGA, Drive, target

PARENT = "database"


def healthy(policy: RestartPolicy | None = None) -> Drive:
    drive = Drive.of(policy)
    drive.runs()
    drive.see("process", Outcome.OK)
    drive.see("health", Outcome.OK)
    return drive


def fail(drive: Drive, detail: str, after: float = 0.5) -> None:
    """The newest action fails."""
    drive.now = drive.now.after(after)
    action = drive.started[-1].action
    failed = replace(action, state=ActionState.FAILED, ended=drive.now, detail=detail)
    drive.give(ActionMoved(failed), after=0.01)


def firing(drive: Drive) -> set[str]:
    return {line.rule for line in drive.incident.alerts if line.firing}


# -- another supervisor


def crash_with_successor(drive: Drive, seconds: float) -> None:
    running = drive.state.known[NAME].running
    assert running is not None
    drive.give(ProcessEnded(NAME, running, Exit(drive.now, signal=11, successor=seconds)))


def test_a_crash_that_systemd_mends_is_told_but_not_restarted_a_second_time() -> None:
    drive = healthy()
    crash_with_successor(drive, 5.0)
    assert drive.started == []
    assert "its own supervisor may start it again by itself" in drive.incident.doing
    drive.now = drive.now.after(2.0)
    drive.runs(77)
    drive.see("process", Outcome.OK)
    assert drive.started == []
    assert not drive.incident.live


def test_when_systemd_does_not_start_it_again_opsbot_does() -> None:
    drive = healthy()
    crash_with_successor(drive, 5.0)
    assert drive.due_in() == 5.0
    drive.tick(5.0)
    assert len(drive.started) == 1


def test_restarts_by_others_count_among_the_frequent_ones() -> None:
    drive = healthy()
    for number in range(4):
        crash_with_successor(drive, 5.0)
        drive.now = drive.now.after(1.0)
        drive.runs(100 + number)
        drive.see("process", Outcome.OK)
    assert drive.started == []
    assert (FREQUENT_RULE, Priority.P2) in {(a.rule, a.priority) for a in drive.state.alerts.values()}


# -- parents


class Pair(Drive):
    """A bot that depends on a database."""

    @classmethod
    def made(cls) -> Pair:
        bot = replace(target(), depends_on=(PARENT,))
        database = replace(target(), name=PARENT, title="Database")
        pair = cls(State.of([bot, database], {"ops": Audience()}))
        for number, name in enumerate((NAME, PARENT)):
            pair.give(ProcessFound(name, Running(ProcessId("boot-1", 10 + number, 1), pair.now, 1)))
            pair.look(name, "process", Outcome.OK)
        return pair

    def look(self, name: str, check: str, outcome: Outcome, after: float = 1.0) -> None:
        self.give(SampleSeen(Sample(name, check, self.now.after(after), outcome, "seen", {})), after)

    def dies(self, name: str) -> None:
        running = self.state.known[name].running
        assert running is not None
        self.give(ProcessEnded(name, running, Exit(self.now, code=1)))

    def acted_on(self) -> list[str]:
        return [effect.action.target for effect in self.started]

    def doing(self, name: str) -> str:
        live = self.state.live(name)
        return live.doing if live else ""


def ends_well(pair: Pair) -> Input:
    action = pair.started[-1].action
    return ActionMoved(replace(action, state=ActionState.DONE, ended=pair.now, detail="restarted"))


def test_while_what_it_depends_on_is_down_it_is_not_restarted_and_the_incident_says_so() -> None:
    pair = Pair.made()
    pair.dies(PARENT)
    pair.dies(NAME)
    assert pair.acted_on() == [PARENT]
    assert "depends on Database, which has a restart in progress" in pair.doing(NAME)


def test_it_is_restarted_as_soon_as_what_it_depends_on_is_back() -> None:
    pair = Pair.made()
    pair.dies(PARENT)
    pair.dies(NAME)
    generation = pair.started[-1].action.generation
    pair.now = pair.now.after(1.0)
    pair.give(ends_well(pair))
    pair.give(ProcessFound(PARENT, Running(ProcessId("boot-1", 99, 1), pair.now, generation)))
    pair.look(PARENT, "process", Outcome.OK, after=0.1)
    assert pair.acted_on() == [PARENT, NAME]


def test_an_unhealthy_parent_holds_its_child_too() -> None:
    pair = Pair.made()
    pair.state.known[PARENT].target = replace(
        pair.state.known[PARENT].target, restart=RestartPolicy(enabled=False)
    )
    pair.look(PARENT, "health", Outcome.OK)
    for _ in range(3):
        pair.look(PARENT, "health", Outcome.FAIL)
    pair.dies(NAME)
    assert pair.acted_on() == []
    assert "Database, which is not well (api_health_failure)" in pair.doing(NAME)
    pair.look(PARENT, "health", Outcome.OK)
    assert pair.acted_on() == [NAME]


def test_a_person_restarts_a_child_whatever_its_parent_does() -> None:
    pair = Pair.made()
    pair.dies(PARENT)
    pair.give(ActionAsked(NAME, ActionKind.RESTART, OLGA, "now"))
    assert pair.acted_on() == [PARENT, NAME]


def day_one() -> Pair:
    bot = replace(target(), depends_on=(PARENT,))
    database = replace(target(), name=PARENT, title="Database")
    return Pair(State.of([bot, database], {"ops": Audience()}))


def test_on_day_one_a_child_is_started_after_its_parent_and_nobody_is_alarmed() -> None:
    pair = day_one()
    pair.give(ProcessMissing(NAME, None))
    pair.give(ProcessMissing(PARENT, None))
    pair.look(NAME, "process", Outcome.FAIL)
    pair.give(ProcessMissing(NAME, None))
    assert pair.acted_on() == [PARENT]
    pair.now = pair.now.after(1.0)
    pair.give(ends_well(pair))
    pair.give(ProcessFound(PARENT, Running(ProcessId("boot-1", 99, 1), pair.now, 1)))
    pair.give(ProcessMissing(NAME, None), after=1.0)
    assert [(e.action.target, e.action.kind) for e in pair.started] == [
        (PARENT, ActionKind.START),
        (NAME, ActionKind.START),
    ]
    assert pair.state.incidents == {}


def test_on_day_one_a_child_whose_parent_cannot_be_started_is_missed() -> None:
    pair = day_one()
    pair.give(ProcessMissing(NAME, None))
    pair.give(ProcessMissing(PARENT, None))
    failed = replace(pair.started[-1].action, state=ActionState.FAILED, ended=pair.now, detail="no such file")
    pair.give(ActionMoved(failed, hopeless=True))
    pair.give(ProcessMissing(NAME, None), after=1.0)
    pair.look(NAME, "process", Outcome.FAIL)
    assert "depends on Database, which does not run" in pair.doing(NAME)


def test_a_child_of_what_a_person_stopped_names_that_person() -> None:
    pair = Pair.made()
    pair.give(ActionAsked(PARENT, ActionKind.STOP, OLGA, "now"))
    pair.give(ends_well(pair), after=1.0)
    pair.state.known[PARENT].running = None
    pair.dies(NAME)
    assert "depends on Database, which was stopped by Olga" in pair.doing(NAME)


# -- grace after a start


def test_a_target_that_has_just_been_started_by_hand_is_given_time_to_answer() -> None:
    drive = healthy()
    drive.crashes(code=0)
    drive.now = drive.now.after(3.0)
    drive.runs(50)
    for _ in range(6):
        drive.see("health", Outcome.FAIL, after=5.0)
    assert drive.state.incidents == {}
    for _ in range(5):
        drive.see("health", Outcome.FAIL, after=5.0)
    assert "api_health_failure" in firing(drive)


def test_the_grace_ends_with_the_first_good_answer() -> None:
    drive = Drive.of()
    drive.runs()
    drive.see("health", Outcome.OK)
    for _ in range(3):
        drive.see("health", Outcome.FAIL)
    assert "api_health_failure" in firing(drive)


def test_a_death_within_the_grace_is_a_death() -> None:
    drive = Drive.of()
    drive.runs()
    drive.now = drive.now.after(1.0)
    drive.crashes()
    assert len(drive.started) == 1


# -- giving up


def test_giving_up_is_p1_with_what_was_tried() -> None:
    drive = healthy(RestartPolicy(backoff_first=1.0, backoff_max=2.0))
    drive.crashes()
    for number in range(3):
        fail(drive, f"step 5 of 6: reason {number}\nlog line")
        due = drive.due_in()
        if drive.state.action_on(NAME) is None and number < 2:
            drive.tick(due or 0.0)
    lines = {line.rule: line for line in drive.incident.alerts}
    assert lines[HOLD_RULE].priority is Priority.P1
    text = lines[HOLD_RULE].text
    assert "restarted 3 times within the last hour" in text
    assert all(f"reason {number}" in text for number in range(3))
    assert "log line" not in text


def test_what_was_tried_several_times_is_said_once_and_when_the_next_try_comes() -> None:
    drive = healthy(RestartPolicy(max_per_hour=2))
    drive.crashes()
    fail(drive, "step 6 of 6: it exited with code 1")
    drive.tick(drive.due_in() or 0.0)
    fail(drive, "step 6 of 6: it exited with code 1")
    (held,) = [line for line in drive.incident.alerts if line.rule == HOLD_RULE]
    assert held.text.endswith("Tried: step 6 of 6: it exited with code 1 (2 times)")
    assert drive.incident.doing.startswith("No more automatic restarts until one of them is an hour ago: ")


def test_an_exit_code_that_forbids_a_restart_is_giving_up_too() -> None:
    drive = healthy()
    drive.crashes(code=78)
    assert drive.started == []
    assert HOLD_RULE in firing(drive)
    assert "exit code 78 means that a restart cannot help. A person must act" in drive.incident.doing


def test_the_end_of_giving_up_is_the_target_being_well_again() -> None:
    drive = healthy()
    drive.crashes(code=78)
    drive.now = drive.now.after(60.0)
    drive.runs(60)
    drive.see("process", Outcome.OK)
    assert not drive.incident.live


def test_what_another_supervisor_is_about_to_start_is_not_started_on_day_one_either() -> None:
    drive = Drive.of()
    drive.give(ProcessMissing(NAME, Exit(drive.now, code=1, successor=5.0)))
    assert drive.started == []
    drive.see("process", Outcome.FAIL)
    assert drive.started == []
    drive.tick(5.0)
    assert len(drive.started) == 1
