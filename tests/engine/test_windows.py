from __future__ import annotations

import pytest

from opsbot.domain.expr import All, Compare, Op, Ratio, Reading, Reduce
from opsbot.domain.moment import Moment
from opsbot.domain.sample import Sample
from opsbot.engine.windows import Need, Windows, needs
from tests.engine.naive import at, rule, sample

INCREASE = Reading("errors_total", Reduce.INCREASE, 60.0, scale=1 / 60, name="error_rate", unit="/min")
PER_MINUTE = Reading("errors_total", Reduce.INCREASE, 60.0)
SUCCESS = Ratio("good_total", "bad_total", 3600.0)
CPU = Reading("cpu_percent")


def keeping(*operands: Reading | Ratio, intervals: dict[str, float] | None = None) -> Windows:
    condition = All(tuple(Compare(operand, Op.GT, 0.0) for operand in operands))
    return Windows(needs([rule(condition)]), intervals)


def test_only_windows_that_rules_read_are_kept_each_once() -> None:
    leak = Reading("rss_bytes", Reduce.SLOPE, 7200.0)
    first = rule(All((Compare(PER_MINUTE, Op.GT, 1.0), Compare(CPU, Op.GT, 1.0))))
    second = rule(All((Compare(INCREASE, Op.GT, 5.0), Compare(leak, Op.GT, 0.0))))
    assert needs([first, second]) == {
        Need("errors_total", Reduce.INCREASE, 60.0),
        Need("rss_bytes", Reduce.SLOPE, 7200.0),
    }


def test_numbers_that_only_a_message_shows_are_kept_too() -> None:
    shown = rule()
    shown = type(shown)(
        shown.name, shown.condition, shown.severity, shown.priority, "{error_rate}", shows=(INCREASE,)
    )
    assert needs([shown]) == {Need("errors_total", Reduce.INCREASE, 60.0)}


def test_windows_say_how_much_history_each_metric_can_use() -> None:
    day = Reading("errors_total", Reduce.INCREASE, 86400.0)
    assert keeping(PER_MINUTE, day, SUCCESS).needs == {
        "errors_total": 86400.0,
        "good_total": 3600.0,
        "bad_total": 3600.0,
    }


def test_the_newest_value_of_a_metric_is_scaled_to_its_unit() -> None:
    windows = keeping(CPU)
    windows.observe(sample(1.0, rss_bytes=3e6))
    assert windows.read(Reading("rss_bytes", scale=1e-6), at(1.0)) == pytest.approx(3.0)


def test_a_metric_that_the_newest_sample_lacks_is_unknown() -> None:
    windows = keeping(CPU)
    windows.observe(sample(1.0, cpu_percent=99.0))
    windows.observe(sample(2.0))
    assert windows.read(CPU, at(2.0)) is None


def test_a_sample_of_another_check_does_not_hide_a_metric() -> None:
    windows = keeping(CPU)
    windows.observe(sample(1.0, cpu_percent=99.0))
    windows.observe(sample(2.0, "http"))
    assert windows.read(CPU, at(2.0)) == 99.0


def test_a_value_that_was_never_seen_is_unknown() -> None:
    windows = keeping(CPU, PER_MINUTE, SUCCESS)
    assert [windows.read(operand, at(5.0)) for operand in (CPU, PER_MINUTE, SUCCESS)] == [None] * 3


def test_a_check_that_has_been_silent_for_three_intervals_is_no_evidence() -> None:
    windows = keeping(CPU, intervals={"process": 10.0})
    windows.observe(sample(0.0, cpu_percent=99.0))
    assert windows.read(CPU, at(30.0)) == 99.0
    assert windows.read(CPU, at(30.5)) is None
    assert windows.sample("process", at(30.5)) is None
    assert windows.samples["process"].metrics == {"cpu_percent": 99.0}


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_values_that_are_not_finite_are_dropped(bad: float) -> None:
    mean = Reading("cpu_percent", Reduce.MEAN, 60.0)
    windows = keeping(mean, PER_MINUTE)
    windows.observe(sample(1.0, cpu_percent=10.0, errors_total=5.0))
    windows.observe(sample(2.0, cpu_percent=bad, errors_total=bad))
    windows.observe(sample(3.0, errors_total=7.0))
    assert windows.read(mean, at(3.0)) == 10.0
    assert windows.read(PER_MINUTE, at(3.0)) == 2.0
    assert windows.read(CPU, at(3.0)) is None


def test_a_sample_older_than_the_newest_of_its_check_is_dropped() -> None:
    windows = keeping(PER_MINUTE)
    windows.observe(sample(1.0, errors_total=0.0))
    windows.observe(sample(3.0, errors_total=2.0))
    assert not windows.observe(sample(2.0, errors_total=900.0))
    assert windows.read(PER_MINUTE, at(3.0)) == 2.0
    assert windows.observe(sample(3.0, errors_total=3.0))
    assert windows.read(PER_MINUTE, at(3.0)) == 3.0


def test_the_first_value_of_a_counter_is_no_increase() -> None:
    windows = keeping(PER_MINUTE)
    windows.observe(sample(1.0, errors_total=1000.0))
    assert windows.read(PER_MINUTE, at(1.0)) == 0.0


def test_a_counter_that_fell_counts_from_zero() -> None:
    windows = keeping(PER_MINUTE)
    for second, value in enumerate([10.0, 14.0, 3.0, 5.0]):
        windows.observe(sample(float(second), errors_total=value))
    assert windows.read(PER_MINUTE, at(3.0)) == 4.0 + 3.0 + 2.0


def test_a_rate_is_per_minute_where_the_rule_says_so() -> None:
    per_minute = Reading("errors_total", Reduce.INCREASE, 300.0, scale=1 / 5)
    windows = keeping(per_minute)
    for second in range(0, 301):
        windows.observe(sample(float(second), errors_total=second / 2))
    assert windows.read(per_minute, at(300.0)) == pytest.approx(30.0)


def test_a_window_empties_when_nothing_new_comes() -> None:
    windows = keeping(PER_MINUTE)
    windows.observe(sample(0.0, errors_total=0.0))
    windows.observe(sample(1.0, errors_total=5.0))
    assert windows.read(PER_MINUTE, at(60.9)) == 5.0
    assert windows.read(PER_MINUTE, at(61.0)) is None


def test_what_happened_while_opsbot_slept_is_spread_over_that_time() -> None:
    hour = Reading("errors_total", Reduce.INCREASE, 3600.0)
    windows = keeping(PER_MINUTE, hour, intervals={"process": 1.0})
    windows.observe(sample(0.0, errors_total=0.0))
    windows.observe(sample(28_800.0, errors_total=480.0))  # eight hours, one a minute
    assert windows.read(PER_MINUTE, at(28_800.0)) == pytest.approx(1.0)
    assert windows.read(hour, at(28_800.0)) == pytest.approx(60.0)
    assert windows.read(hour, at(28_800.0 + 1800.0)) == pytest.approx(30.0, abs=60 / 720)


def test_a_success_rate_is_the_share_of_what_happened_in_the_window() -> None:
    windows = keeping(SUCCESS)
    windows.observe(sample(0.0, good_total=100.0, bad_total=100.0))
    assert windows.read(SUCCESS, at(0.0)) is None
    windows.observe(sample(1.0, good_total=109.0, bad_total=101.0))
    assert windows.read(SUCCESS, at(1.0)) == pytest.approx(90.0)


def test_a_counter_never_seen_counts_as_nothing_beside_one_that_rises() -> None:
    windows = keeping(SUCCESS)
    windows.observe(sample(0.0, bad_total=0.0))
    windows.observe(sample(1.0, bad_total=3.0))
    assert windows.read(SUCCESS, at(1.0)) == 0.0


def test_a_leak_shows_as_bytes_per_second_even_of_large_numbers() -> None:
    leak = Reading("rss_bytes", Reduce.SLOPE, 7200.0)
    windows = keeping(leak)
    for second in range(0, 7200, 10):
        windows.observe(sample(1e6 + second, rss_bytes=5e8 + 2000.0 * second))
    assert windows.read(leak, at(1e6 + 7190.0)) == pytest.approx(2000.0)


def test_a_slope_is_unknown_before_half_a_window_is_seen() -> None:
    leak = Reading("rss_bytes", Reduce.SLOPE, 100.0)
    windows = keeping(leak)
    for second in range(0, 50):
        windows.observe(sample(float(second), rss_bytes=float(second)))
    assert windows.read(leak, at(49.0)) is None
    windows.observe(sample(50.0, rss_bytes=50.0))
    assert windows.read(leak, at(50.0)) == pytest.approx(1.0)


def test_stored_history_fills_a_window_at_start() -> None:
    mean = Reading("cpu_percent", Reduce.MEAN, 600.0)
    windows = keeping(mean)
    windows.seed("cpu_percent", [(-100.0, 10.0), (-40.0, 30.0)])  # before this boot
    windows.seed("unread", [(0.0, 1.0)])
    assert windows.read(mean, at(10.0)) == 20.0
    assert windows.read(CPU, at(10.0)) is None


def test_a_counter_that_began_anew_with_opsbot_adds_only_what_is_new() -> None:
    windows = keeping(PER_MINUTE)
    windows.seed("errors_total", [(0.0, 100.0), (1.0, 104.0)])
    windows.observe(sample(5.0, errors_total=50.0))
    assert windows.read(PER_MINUTE, at(5.0)) == 4.0
    windows.observe(sample(6.0, errors_total=51.0))
    assert windows.read(PER_MINUTE, at(6.0)) == 5.0


def test_stored_history_with_a_hole_is_spread_over_the_hole() -> None:
    windows = keeping(PER_MINUTE)
    points = [(float(second), 0.0) for second in range(10)]
    windows.seed("errors_total", [*points, (609.0, 600.0)])
    assert windows.read(PER_MINUTE, at(609.0)) == pytest.approx(60.0)


def test_a_window_of_no_length_is_unknown_and_keeps_nothing() -> None:
    odd = Reading("errors_total", Reduce.INCREASE, 0.0)
    windows = keeping(odd)
    windows.observe(sample(0.0, errors_total=1.0))
    assert windows.read(odd, at(0.0)) is None
    assert len(windows) == 0


def test_numbers_too_large_to_add_up_are_unknown_and_pass() -> None:
    mean = Reading("cpu_percent", Reduce.MEAN, 60.0)
    windows = keeping(mean)
    windows.observe(sample(0.0, cpu_percent=1.7e308))
    windows.observe(sample(1.0, cpu_percent=1.7e308))
    assert windows.read(mean, at(1.0)) is None
    windows.observe(sample(60.9, cpu_percent=1.0))
    windows.observe(sample(61.0, cpu_percent=3.0))
    assert windows.read(mean, at(61.0)) == 2.0


def test_a_gap_far_longer_than_a_very_short_window_costs_no_time() -> None:
    blink = Reading("errors_total", Reduce.INCREASE, 0.001)
    windows = keeping(blink, intervals={"process": 1.0})
    windows.observe(sample(1e6, errors_total=0.0))
    windows.observe(sample(4e6, errors_total=3e6))
    assert windows.read(blink, at(4e6)) == pytest.approx(0.001, rel=0.01)


def test_a_step_of_the_wall_clock_changes_nothing() -> None:
    windows = keeping(PER_MINUTE, CPU, intervals={"process": 1.0})
    for second in range(0, 61):
        wall = 1e9 + second + (315_360_000.0 if second > 30 else -3600.0)
        metrics = {"errors_total": float(second), "cpu_percent": 7.0}
        moment = Moment(float(second), wall)
        windows.observe(Sample("bot", "process", moment, sample(0.0).outcome, metrics=metrics))
    now = Moment(60.0, 0.0)
    assert windows.read(PER_MINUTE, now) == 60.0
    assert windows.read(CPU, now) == 7.0
