"""The guard against everything that may happen: budget, pause, a person's stop, exit codes, and people."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from opsbot.domain.action import ActionState, Desired, Pause, RestartMark, Wanted
from opsbot.domain.actor import AUTO, ActorKind
from opsbot.domain.levels import Outcome
from opsbot.domain.moment import Moment
from opsbot.domain.process import Exit
from opsbot.domain.rule import ActionKind, RestartPolicy
from opsbot.engine.inputs import ActionAsked, ActionMoved, PauseAsked, ProcessMissing, ResumeAsked, Tick
from opsbot.engine.restarts import HOUR, Answer, Situation, automatic, backoff_seconds, person
from tests.engine.drive import OLGA, Drive

NAME = "summarybot"
NOW = Moment(100_000.0, 1_767_625_440.0)

gaps = st.sampled_from([0.0, 0.3, 1.0, 2.5, 15.0, 61.0, 299.0, 601.0, 1200.0, HOUR - 1.0, HOUR])
policies = st.builds(
    RestartPolicy,
    max_per_hour=st.integers(0, 4),
    backoff_first=st.sampled_from([0.0, 1.0, 30.0]),
    handover=st.sampled_from([0.0, 15.0]),
)
steps = st.lists(
    st.tuples(
        st.sampled_from(["crash", "exit", "end 78", "fail", "ok", "done", "failed", "hopeless", "tick"])
        | st.sampled_from(["pause", "resume", "restart", "stop", "runs", "unhealthy", "missing"]),
        gaps,
    ),
    max_size=60,
)


@dataclass
class Life:
    """A target's life, one event after the other. `automatic`: when automation restarted it."""

    drive: Drive
    automatic: list[float] = field(default_factory=list)

    def happen(self, event: str, after: float) -> None:
        drive, before = self.drive, len(self.drive.started)
        drive.now = drive.now.after(after)
        self.watch(event)
        for effect in drive.started[before:]:
            action = effect.action
            if action.kind is ActionKind.RESTART and action.actor.kind is ActorKind.AUTO:
                self.automatic.append(drive.now.mono)
                self.allowed()

    def allowed(self) -> None:
        """What must hold whenever automation restarts anything."""
        state = self.drive.state
        pause = state.pauses.get(NAME)
        assert pause is None or pause.until.mono <= self.drive.now.mono
        assert self.wanted is not Wanted.STOPPED
        ended = state.known[NAME].exit
        assert ended is None or ended.code != 78 or state.known[NAME].running is not None

    @property
    def wanted(self) -> Wanted | None:
        before = [c for c in self.drive.changes if isinstance(c, Desired)][:-1]
        return before[-1].wanted if before else None

    def watch(self, event: str) -> None:
        drive = self.drive
        running = drive.state.known[NAME].running
        match event:
            case "crash" | "exit" | "end 78" if running is not None:
                drive.crashes(code={"crash": 1, "exit": 0, "end 78": 78}[event])
            case "fail" | "ok":
                drive.see("process", Outcome.FAIL if event == "fail" else Outcome.OK, after=0.0)
            case "unhealthy":
                drive.see("health", Outcome.TIMEOUT, after=0.0)
            case "done" | "failed" | "hopeless":
                self.end(event)
            case "pause":
                drive.give(PauseAsked(NAME, 300.0, OLGA, "deploy"))
            case "resume":
                drive.give(ResumeAsked(NAME, OLGA))
            case "restart" | "stop":
                kind = ActionKind.RESTART if event == "restart" else ActionKind.STOP
                drive.give(ActionAsked(NAME, kind, OLGA, "by hand"))
            case "runs" if running is None:
                drive.runs(len(drive.changes) + 10)
            case "missing" if running is None:
                drive.give(ProcessMissing(NAME, drive.state.known[NAME].exit))
            case _:
                drive.give(Tick())

    def end(self, how: str) -> None:
        action = self.drive.state.action_on(NAME)
        if action is None:
            return
        state = ActionState.DONE if how == "done" else ActionState.FAILED
        ended = replace(action, state=state, detail="x", ended=self.drive.now)
        self.drive.give(ActionMoved(ended, hopeless=how == "hopeless"))


@settings(max_examples=300, deadline=None)
@given(policies, steps)
def test_no_hour_holds_more_automatic_restarts_than_allowed_and_none_is_against_a_persons_word(
    policy: RestartPolicy, events: list[tuple[str, float]]
) -> None:
    life = Life(Drive.of(policy))
    life.happen("runs", 0.0)
    for event, after in events:
        life.happen(event, after)
    for began in life.automatic:
        within = [at for at in life.automatic if began <= at < began + HOUR - 0.001]
        assert len(within) <= policy.max_per_hour


@settings(max_examples=200, deadline=None)
@given(policies, steps, st.sampled_from(["restart", "stop"]))
def test_a_person_is_only_refused_while_something_is_being_done(
    policy: RestartPolicy, events: list[tuple[str, float]], wish: str
) -> None:
    life = Life(Drive.of(policy))
    life.happen("runs", 0.0)
    for event, after in events:
        life.happen(event, after)
    busy = life.drive.state.action_on(NAME)
    kind = ActionKind.RESTART if wish == "restart" else ActionKind.STOP
    refusal = life.drive.give(ActionAsked(NAME, kind, OLGA, "now")).refusal
    assert (refusal is not None) == (busy is not None)
    if busy is not None:
        assert f"in progress, asked by {busy.actor.name}" in str(refusal)


@settings(max_examples=200, deadline=None)
@given(policies, steps)
def test_what_waits_or_holds_says_until_when_and_is_decided_then(
    policy: RestartPolicy, events: list[tuple[str, float]]
) -> None:
    """However long nothing is seen, time alone comes to an end: no due moment lies in the past for ever."""
    life = Life(Drive.of(policy))
    life.happen("runs", 0.0)
    for event, after in events:
        life.happen(event, after)
    for _ in range(50):
        due = life.drive.due_in()
        if due is None:
            return
        life.happen("tick", max(0.0, due) + 1e-6)
        if life.drive.state.action_on(NAME) is not None:
            life.happen("done", 0.0)
    raise AssertionError(f"time is due again and again: {life.drive.due_in()}")


marks = st.lists(
    st.tuples(st.floats(0.0, 3 * HOUR), st.booleans()).map(
        lambda m: RestartMark(NAME, Moment(NOW.mono - m[0], NOW.wall - m[0]), m[1])
    ),
    max_size=12,
).map(lambda found: sorted(found, key=lambda mark: mark.at.mono))


@given(policies, marks)
def test_a_ruling_that_names_a_time_changes_at_that_time(
    policy: RestartPolicy, found: list[RestartMark]
) -> None:
    situation = Situation(policy, supervised=True, marks=found)
    ruling = automatic(situation, NOW)
    if ruling.until is None:
        return
    assert ruling.until.mono > NOW.mono
    assert automatic(situation, ruling.until) != ruling


@given(policies, marks)
def test_a_person_may_whatever_automation_may_not(policy: RestartPolicy, found: list[RestartMark]) -> None:
    situation = Situation(
        replace(policy, enabled=False),
        supervised=True,
        marks=found,
        desired=Desired(NAME, 1, Wanted.STOPPED, OLGA, "", NOW),
        pause=Pause(NAME, NOW.after(60.0), OLGA, "", NOW),
        exit=Exit(NOW, code=78),
        hopeless="no such file",
    )
    assert person(situation).answer is Answer.GO
    assert automatic(situation, NOW).answer is Answer.NO


@given(policies, st.integers(1, 1000))
def test_the_backoff_doubles_up_to_its_maximum_with_little_jitter(policy: RestartPolicy, streak: int) -> None:
    seconds = backoff_seconds(policy, streak, NAME)
    plain = min(policy.backoff_max, policy.backoff_first * 2.0 ** min(streak - 1, 32))
    assert plain <= seconds <= plain * 1.1 + 1e-9


def test_each_reason_not_to_restart_is_said_to_people() -> None:
    plain = Situation(RestartPolicy(), supervised=True, marks=[])
    assert automatic(plain, NOW).answer is Answer.GO
    for changed, word in (
        (replace(plain, supervised=False), "no supervisor"),
        (replace(plain, policy=RestartPolicy(enabled=False)), "switched off"),
        (replace(plain, policy=RestartPolicy(max_per_hour=0)), "no automatic restart"),
        (replace(plain, pause=Pause(NAME, NOW.after(1.0), OLGA, "", NOW)), "paused by Olga"),
        (replace(plain, desired=Desired(NAME, 1, Wanted.STOPPED, OLGA, "", NOW)), "stopped by Olga"),
        (replace(plain, exit=Exit(NOW, code=78)), "exit code 78"),
        (replace(plain, hopeless="no such file"), "no such file"),
        (replace(plain, marks=[RestartMark(NAME, NOW, automatic=True)] * 3), "3 times within the last hour"),
    ):
        ruling = automatic(changed, NOW)
        assert ruling.answer in (Answer.NO, Answer.HOLD)
        assert word in ruling.reason


def test_opsbots_own_word_to_stop_binds_nobody() -> None:
    """Only a stop is remembered as such: a restart leaves the target wanted."""
    situation = Situation(
        RestartPolicy(), supervised=True, marks=[], desired=Desired(NAME, 1, Wanted.RUNNING, AUTO, "", NOW)
    )
    assert automatic(situation, NOW).answer is Answer.GO
