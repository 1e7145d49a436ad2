"""What holds for every rule and every sequence of verdicts and times."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from opsbot.domain.levels import AlertState
from opsbot.domain.moment import Moment
from opsbot.domain.rule import Rule
from opsbot.engine.alerts import Progress, step, tick
from opsbot.engine.conditions import Verdict, View, evaluate
from opsbot.engine.windows import GAP_INTERVALS, Windows
from tests.engine.naive import rule, sample
from tests.engine.story import Story, cool, hot, unclear
from tests.engine.test_conditions import HOT


@dataclass(frozen=True)
class Event:
    """After `step` seconds: a verdict, or only the passing of time (None)."""

    step: float
    truth: bool | None
    sample: bool


events = st.lists(
    st.builds(
        Event,
        st.one_of(st.sampled_from([0.5, 1.0, 5.0]), st.floats(0.001, 40.0)),
        st.sampled_from([True, True, True, False, False, None]),
        st.sampled_from([True, True, True, False]),
    ),
    max_size=80,
)
seconds = st.sampled_from([0.0, 1.0, 3.0, 10.0, 60.0])
counts = st.tuples(st.integers(1, 5), st.integers(1, 5)).map(lambda pair: (min(pair), max(pair)))
rules = st.builds(
    lambda hold, recover, count: rule(hold=hold, recover=recover, need=count[0], of=count[1]),
    seconds,
    seconds,
    counts,
)
VERDICTS = {True: hot(), False: cool(), None: unclear()}
INTERVAL = 5.0


def told(given_rule: Rule, happened: list[Event]) -> tuple[Story, list[tuple[float, bool | None]]]:
    """The story of the events, and the verdicts with their times."""
    story, now, seen = Story(given_rule, INTERVAL), 100.0, []
    for event in happened:
        now += event.step
        if event.sample:
            seen.append((now, event.truth))
            story.see(now, VERDICTS[event.truth])
        else:
            story.wait(now)
    return story, seen


def unbroken(seen: list[tuple[float, bool | None]], end: float, truth: bool) -> tuple[float, int]:
    """For how many seconds before `end` every known verdict was `truth` without a gap, and how many."""
    known = [(when, verdict) for when, verdict in seen if verdict is not None and when <= end]
    begin, last, count = end, end, 0
    for when, verdict in reversed(known):
        if verdict is not truth or last - when > GAP_INTERVALS * INTERVAL:
            break
        begin = last = when
        count += 1
    return end - begin, count


@given(rules, events)
def test_nothing_fires_before_it_has_held_and_was_seen_often_enough(
    given_rule: Rule, happened: list[Event]
) -> None:
    story, seen = told(given_rule, happened)
    for alert in story.stored:
        if alert.state is AlertState.FIRING:
            held, _ = unbroken(seen, alert.since.mono, True)
            assert held >= given_rule.hold_seconds
            known = [truth for when, truth in seen if truth is not None and when <= alert.since.mono]
            assert sum(known[-given_rule.of :]) >= given_rule.need


@given(rules, events)
def test_nothing_resolves_without_a_false_verdict_for_the_recovery_time(
    given_rule: Rule, happened: list[Event]
) -> None:
    story, seen = told(given_rule, happened)
    for alert in story.stored:
        if alert.state is AlertState.RESOLVED:
            clear, count = unbroken(seen, alert.since.mono, False)
            assert count >= 1
            assert clear >= given_rule.recover_seconds
            assert (alert.since.mono, False) in seen


@given(rules, events)
def test_states_follow_one_another_in_order_and_each_has_its_reason(
    given_rule: Rule, happened: list[Event]
) -> None:
    story, _ = told(given_rule, happened)
    allowed = {
        AlertState.INACTIVE: {AlertState.FIRING},
        AlertState.FIRING: {AlertState.RESOLVED},
        AlertState.RESOLVED: {AlertState.FIRING, AlertState.INACTIVE},
    }
    state = AlertState.INACTIVE
    for alert in story.stored:
        assert alert.state in allowed[state]
        assert alert.reason
        assert alert.text
        state = alert.state


@given(rules, events)
def test_the_same_events_always_lead_to_the_same_decisions(given_rule: Rule, happened: list[Event]) -> None:
    assert told(given_rule, happened)[0] == told(given_rule, happened)[0]


@given(rules, events, st.lists(st.floats(-3e8, 3e8), max_size=80))
def test_steps_of_the_wall_clock_change_no_decision(
    given_rule: Rule, happened: list[Event], walls: list[float]
) -> None:
    steady, _ = told(given_rule, happened)
    alert, progress, states, now = None, Progress(INTERVAL), [], 100.0
    for index, event in enumerate(happened):
        now += event.step
        moment = Moment(now, 1e9 + (walls[index % len(walls)] if walls else 0.0))
        if event.sample:
            moved = step("bot", given_rule, alert, progress, VERDICTS[event.truth], moment)
            progress, changed = moved.progress, moved.alert
        else:
            changed = tick("bot", given_rule, alert, progress, moment)
        if changed is not None:
            alert = changed
            states.append((changed.state, changed.since.mono, changed.reason))
    assert states == [(a.state, a.since.mono, a.reason) for a in steady.stored]


@given(rules, events)
def test_a_wake_up_that_is_due_does_something_and_none_is_due_afterwards(
    given_rule: Rule, happened: list[Event]
) -> None:
    story, _ = told(given_rule, happened)
    now = 100.0 + sum(event.step for event in happened)
    when = story.due(now)
    if when is not None:
        assert story.wait(max(now, when)) is not None
        after = story.due(max(now, when))
        assert after is None or after > max(now, when)


@given(st.lists(st.floats(70.5, 100.0), min_size=1, max_size=100))
def test_a_value_that_flaps_above_its_recovery_fires_once(values: list[float]) -> None:
    story, view = Story(rule(HOT)), View(Windows([]))
    for second, value in enumerate([*values, 60.0]):
        seen = sample(float(second), cpu_percent=value)
        view.observe(seen)
        story.see(float(second), evaluate(HOT, view, seen.at, story.firing))
    expected = [AlertState.FIRING, AlertState.RESOLVED] if max(values) > 85.0 else []
    assert [alert.state for alert in story.stored] == expected


@given(st.lists(st.sampled_from(list(VERDICTS.values())), max_size=60))
def test_no_change_is_stored_unless_the_alert_begins_or_stops_firing(verdicts: list[Verdict]) -> None:
    story, firing = Story(rule(hold=2.0)), False
    for second, verdict in enumerate(verdicts):
        changed = story.see(float(second), verdict)
        assert (changed is not None) is (story.firing is not firing)
        firing = story.firing
