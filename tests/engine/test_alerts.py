from __future__ import annotations

from dataclasses import replace

from opsbot.domain.alert import Alert
from opsbot.domain.levels import AlertState, Priority, Severity
from opsbot.engine.alerts import RESOLVED_KEPT, Progress, close, due, next_due, pending, step, tick
from tests.engine.naive import at, rule
from tests.engine.story import Story, cool, hot, unclear


def test_a_rule_without_a_hold_fires_at_once() -> None:
    story = Story(rule())
    alert = story.see(10.0, hot())
    assert alert is not None
    assert (alert.state, alert.since, alert.reason) == (AlertState.FIRING, at(10.0), "cpu 91% > 85%")
    assert (alert.value, alert.limit, alert.unit, alert.name) == (91.0, 85.0, "%", "cpu")


def test_a_rule_with_a_hold_is_pending_first_and_fires_when_it_has_held() -> None:
    story = Story(rule(hold=30.0), interval=10.0)
    assert story.see(0.0, hot()) is None
    waiting = story.pending()
    assert waiting is not None
    assert (waiting.state, waiting.since) == (AlertState.PENDING, at(0.0))
    assert waiting.reason == "cpu 91% > 85%; fires after 30 s"
    assert story.see(10.0, hot()) is None
    assert story.see(20.0, hot()) is None
    fired = story.see(30.0, hot())
    assert fired is not None
    assert (fired.reason, fired.true_since) == ("cpu 91% > 85%, for 30 s", at(0.0))
    assert story.pending() is None


def test_a_single_good_sample_begins_the_hold_anew() -> None:
    story = Story(rule(hold=20.0), interval=10.0)
    for second, verdict in ((0.0, hot()), (10.0, cool()), (20.0, hot()), (30.0, hot())):
        assert story.see(second, verdict) is None
    assert story.see(40.0, hot()) is not None


def test_a_condition_that_flaps_before_its_hold_stores_nothing() -> None:
    story = Story(rule(hold=30.0))
    changes = [story.see(float(second), hot() if second % 2 else cool()) for second in range(100)]
    assert not any(changes)


def test_an_unknown_verdict_neither_breaks_nor_feeds_a_hold() -> None:
    story = Story(rule(hold=20.0), interval=10.0)
    story.see(0.0, hot())
    assert story.see(10.0, unclear()) is None
    assert story.see(20.0, unclear()) is None  # held by time alone, but not seen so
    assert story.see(25.0, hot()) is not None


def test_a_hold_begins_anew_after_more_than_three_intervals_of_silence() -> None:
    story = Story(rule(hold=20.0), interval=10.0)
    story.see(0.0, hot())
    assert story.see(30.5, hot()) is None
    assert story.see(40.5, hot()) is None
    assert story.see(50.5, hot()) is not None


def test_five_slow_answers_in_a_row_fire_and_four_do_not() -> None:
    story = Story(rule(need=5, of=5))
    assert [story.see(float(second), hot()) for second in range(4)] == [None] * 4
    assert story.see(4.0, cool()) is None
    assert [story.see(float(second), hot()) for second in range(5, 9)] == [None] * 4
    fired = story.see(9.0, hot())
    assert fired is not None
    assert fired.reason == "cpu 91% > 85%, 5 of the last 5 times"


def test_three_of_the_last_five_fire_with_good_ones_between() -> None:
    story = Story(rule(need=3, of=5))
    assert [story.see(float(i), v) for i, v in enumerate([hot(), cool(), hot(), cool()])] == [None] * 4
    waiting = story.pending()
    assert waiting is not None
    assert waiting.reason.endswith("fires at 3 of 5 times")
    assert story.see(4.0, hot()) is not None


def test_what_an_alert_fired_for_does_not_count_a_second_time() -> None:
    story = Story(rule(need=3, of=5))
    for second in range(3):
        story.see(float(second), hot())
    assert story.see(3.0, cool()) is not None
    assert story.pending() is None
    assert story.see(4.0, hot()) is None


def test_an_alert_resolves_only_after_its_recovery_time() -> None:
    story = Story(rule(recover=20.0), interval=10.0)
    fired = story.see(0.0, hot())
    assert fired is not None
    fired = story.retold("CPU is at 91%")
    assert story.see(10.0, cool()) is None
    assert story.see(20.0, cool()) is None
    resolved = story.see(30.0, cool())
    assert resolved is not None
    assert (resolved.state, resolved.reason) == (AlertState.RESOLVED, "cpu 40% ≤ 85% for 20 s")
    assert (resolved.since, resolved.false_since, resolved.value) == (at(30.0), at(10.0), 40.0)
    assert resolved.text == fired.text


def test_a_relapse_during_recovery_begins_the_recovery_anew() -> None:
    story = Story(rule(recover=20.0), interval=10.0)
    for second, verdict in ((0.0, hot()), (10.0, cool()), (20.0, hot()), (30.0, cool()), (40.0, cool())):
        story.see(second, verdict)
    assert story.firing
    assert story.see(50.0, cool()) is not None


def test_an_alert_whose_metric_vanished_fires_on_however_long_that_lasts() -> None:
    story = Story(rule(recover=5.0))
    story.see(0.0, hot())
    for hour in range(1, 100):
        assert story.see(hour * 3600.0, unclear()) is None
        assert story.wait(hour * 3600.0 + 1.0) is None
    assert story.firing


def test_a_recovery_does_not_bridge_a_long_silence() -> None:
    story = Story(rule(recover=60.0))
    story.see(0.0, hot())
    story.see(1.0, cool())
    assert story.see(3600.0, cool()) is None
    for second in range(3601, 3660):
        story.see(float(second), cool())
    assert story.firing
    assert story.see(3660.0, cool()) is not None


def test_a_rule_whose_hold_ends_between_samples_fires_on_time() -> None:
    story = Story(rule(hold=15.0), interval=10.0)
    story.see(0.0, hot())
    story.see(10.0, hot())
    assert story.due(10.0) == 15.0
    assert story.wait(14.9) is None
    fired = story.wait(15.0)
    assert fired is not None
    assert (fired.since, fired.reason) == (at(15.0), "cpu 91% > 85%, for 15 s")


def test_a_hold_of_one_interval_waits_for_its_second_sample() -> None:
    story = Story(rule(hold=300.0), interval=300.0)
    story.see(0.0, hot())
    assert story.wait(300.0) is None
    assert story.see(300.2, cool()) is None
    assert not story.firing


def test_a_second_sample_that_is_late_is_not_waited_for() -> None:
    story = Story(rule(hold=300.0), interval=300.0)
    story.see(0.0, hot())
    assert story.due(1.0) == 450.0
    assert story.wait(450.0) is not None


def test_nothing_fires_by_time_alone_after_a_long_silence() -> None:
    story = Story(rule(hold=15.0), interval=10.0)
    story.see(0.0, hot())
    assert story.wait(28_800.0) is None
    assert story.due(28_800.0) is None


def test_time_alone_does_not_make_up_for_missing_samples() -> None:
    story = Story(rule(hold=15.0, need=3, of=3), interval=10.0)
    story.see(0.0, hot())
    assert story.wait(16.0) is None


def test_a_resolved_alert_is_let_go_after_a_while() -> None:
    story = Story(rule())
    story.see(0.0, hot())
    story.see(1.0, cool())
    assert story.due(2.0) == 1.0 + RESOLVED_KEPT
    assert story.wait(RESOLVED_KEPT) is None
    gone = story.wait(1.0 + RESOLVED_KEPT)
    assert gone is not None
    assert (gone.state, gone.reason) == (AlertState.INACTIVE, "resolved 15 min ago")


def test_a_rule_that_may_not_fire_now_still_lets_its_resolved_alert_go() -> None:
    story = Story(rule(hold=5.0), interval=5.0)
    story.see(0.0, hot())
    story.see(5.0, hot())
    story.see(6.0, cool())
    story.see(905.0, hot())
    assert due(story.rule, story.alert, None, at(905.0)) == at(6.0 + RESOLVED_KEPT)
    gone = tick("bot", story.rule, story.alert, None, at(906.0))
    assert gone is not None
    assert gone.state is AlertState.INACTIVE


def test_a_resolved_alert_can_fire_again() -> None:
    story = Story(rule())
    story.see(0.0, hot())
    story.see(1.0, cool())
    again = story.see(2.0, hot())
    assert again is not None
    assert (again.state, again.since, again.false_since) == (AlertState.FIRING, at(2.0), None)


def test_a_stored_alert_fires_on_after_a_restart_until_it_is_seen_to_be_over() -> None:
    fired = Story(rule()).see(0.0, hot())
    assert fired is not None
    assert step("bot", rule(), fired, None, unclear(), at(50.0)).alert is None
    over = step("bot", rule(), fired, Progress(10.0), cool(), at(60.0)).alert
    assert over is not None
    assert over.state is AlertState.RESOLVED


def test_a_person_can_end_an_alert_without_evidence() -> None:
    fired = Story(rule()).see(0.0, hot())
    assert fired is not None
    over = close(fired, at(5.0), "the rule was removed")
    assert over is not None
    assert (over.state, over.reason) == (AlertState.RESOLVED, "the rule was removed")
    assert close(over, at(6.0), "again") is None


def test_the_next_wake_up_is_the_earliest_of_all() -> None:
    soon, late = Story(rule(hold=15.0), interval=10.0), Story(rule())
    soon.see(0.0, hot())
    soon.see(10.0, hot())
    late.see(0.0, hot())
    late.see(1.0, cool())
    watched = [(s.rule, s.alert, s.progress) for s in (late, soon)]
    assert next_due(watched, at(10.0)) == at(15.0)
    assert next_due([], at(10.0)) is None
    assert due(rule(), None, None, at(0.0)) is None


def test_a_rule_that_became_more_urgent_fires_as_such() -> None:
    urgent = replace(rule(), severity=Severity.CRITICAL, priority=Priority.P2)
    alert = step("bot", urgent, None, None, hot(), at(0.0)).alert
    assert isinstance(alert, Alert)
    assert (alert.severity, alert.priority) == (Severity.CRITICAL, Priority.P2)
    assert pending("bot", urgent, None, None) is None
    assert tick("bot", urgent, None, None, at(9.0)) is None
