"""What is said of the past: averages of what has one, counts, shares, starts; and the wrong questions."""

from __future__ import annotations

import pytest

from opsbot.domain.levels import Outcome
from opsbot.domain.metrics import UPTIME, MetricSummary, Window
from opsbot.domain.performance import Performance
from opsbot.domain.sample import Sample
from opsbot.domain.series import Bucket, Series
from opsbot.errors import UsageError
from opsbot.runtime.figures import POINTS, bounds, starts_of, summary
from tests.engine.drive import OLGA
from tests.runtime.rig import NAME, running
from tests.runtime.test_ops import built

NOW = 1_767_625_440.0


def raw(metric: str, values: list[float], step: float = 1.0, start: float = NOW) -> Series:
    """Raw values, so many seconds apart."""
    buckets = (Bucket(start + step * n, v, v, v, v, 1) for n, v in enumerate(values))
    return Series("bot", metric, 0.0, tuple(buckets))


def found(series: Series, seconds: float = 60.0) -> MetricSummary:
    return summary(series, None, NOW, NOW + seconds)


def test_the_average_counts_each_value_and_not_each_span() -> None:
    spans = (Bucket(NOW, 1.0, 1.0, 1.0, 1.0, 30), Bucket(NOW + 60, 9.0, 11.0, 10.0, 10.0, 10))
    seen = summary(Series("bot", "cpu_percent", 60.0, spans), 5.0, NOW, NOW + 120)
    assert (seen.current, seen.mean, seen.minimum, seen.maximum) == (5.0, 3.25, 1.0, 11.0)


def test_of_a_counter_it_says_how_many_and_how_fast() -> None:
    spans = (Bucket(NOW, 0, 2, 0.5, 0, 60), Bucket(NOW + 60, 0, 0, 0.0, 0, 60))
    seen = summary(Series("bot", "log_errors_total", 60.0, spans), 4711.0, NOW, NOW + 120)
    assert (seen.total, seen.mean, seen.maximum, seen.minimum) == (30.0, 0.25, 0.5, 0.0)
    assert seen.current == 0.0, "its present value means nothing"


def test_the_rate_is_over_the_time_in_which_it_was_measured() -> None:
    spans = (Bucket(NOW + 3540, 0, 2, 0.5, 0, 60),)
    assert summary(Series("bot", "log_errors_total", 60.0, spans), None, NOW, NOW + 3600).mean == 0.5


def test_of_a_state_the_average_is_the_share() -> None:
    assert found(raw("process_up", [1.0, 1.0, 1.0, 0.0])).mean == 0.75


def test_points_are_spread_over_the_whole_window_with_gaps_where_nothing_was_known() -> None:
    seen = found(raw("rss_bytes", [1.0, 3.0]), 300.0)
    assert len(seen.points) == POINTS
    assert seen.points[0] == 2.0
    assert set(seen.points[1:]) == {None}


@pytest.mark.parametrize("values", [[], [5.0], [1.0, 2.0, 3.0]])
def test_an_uptime_that_rises_is_no_start(values: list[float]) -> None:
    assert starts_of(raw(UPTIME, values)) == ()


def test_an_uptime_that_falls_tells_when_the_process_was_started() -> None:
    assert starts_of(raw(UPTIME, [100.0, 101.0, 0.5, 1.5, 0.2])) == (NOW + 1.5, NOW + 3.8)


def test_of_spans_a_start_is_known_to_the_span() -> None:
    spans = (Bucket(NOW, 940, 1000, 970, 1000, 60), Bucket(NOW + 60, 3, 1010, 300, 40, 60))
    (start,) = starts_of(Series("bot", UPTIME, 60.0, spans))
    assert start == NOW + 80.0


@pytest.mark.parametrize(
    "window",
    [Window(0.0), Window(-5.0), Window(400 * 86_400.0), Window(60.0, NOW + 3600), Window(NOW * 2, NOW)],
)
def test_a_window_that_is_none_is_refused(window: Window) -> None:
    with pytest.raises(UsageError):
        bounds(window, NOW)


def test_a_window_up_to_a_time_to_come_ends_now() -> None:
    assert bounds(Window(60.0, NOW + 30), NOW) == (NOW - 30, NOW)


async def test_the_usual_metrics_are_shown_and_a_wrong_name_is_answered_with_the_nearest() -> None:
    async with running(await built()) as rig:
        values = {"cpu_percent": 3.0, "rss_bytes": 5.0, "process_pid": 7.0, "open_fds": 3.0}
        rig.runtime.history.add(Sample(NAME, "process", rig.clock.now(), Outcome.OK, metrics=values))
        await rig.clock.advance(0.01)
        ops = rig.runtime.ops
        usual = await ops.metrics(NAME, Window(600.0))
        assert [metric.name for metric in usual.metrics] == ["cpu_percent", "rss_bytes"]
        assert "process_pid" not in usual.names
        named = await ops.metrics(NAME, Window(600.0), ("open_fds",))
        assert [metric.name for metric in named.metrics] == ["open_fds"]
        with pytest.raises(UsageError, match="did you mean cpu_percent"):
            await ops.metrics(NAME, Window(600.0), ("cpu_percnt",))
        assert await ops.metric_names(NAME) == usual.names


async def test_the_past_is_exported_line_by_line_with_counts_over_the_whole_of_it() -> None:
    async with running(await built()) as rig:
        for errors in (5.0, 7.0, 1.0):
            now = rig.clock.now()
            values = {"process_pid": 7.0, "cpu_percent": 2.0, "rss_bytes": 100.0}
            rig.runtime.history.add(Sample(NAME, "process", now, Outcome.OK, metrics=values))
            counted = {"log_errors_total": errors}
            rig.runtime.history.add(Sample(NAME, "log", now, Outcome.OK, metrics=counted))
            await rig.clock.advance(1.0)
        found = await rig.runtime.ops.performances(NAME, Window(600.0))
        assert [(look.pid, look.cpu_percent, look.errors) for look in found] == [
            (7, 2.0, 0.0), (7, 2.0, 2.0), (7, 2.0, 3.0)
        ]  # fmt: skip
        assert all(isinstance(look, Performance) and look.measured for look in found)


async def test_without_a_past_there_are_no_lines() -> None:
    async with running(await built()) as rig:
        assert await rig.runtime.ops.performances(NAME, Window(600.0)) == ()


async def test_a_deploy_in_the_window_is_marked_and_one_before_it_is_not() -> None:
    async with running(await built()) as rig:
        deploy = await rig.runtime.ops.mutes.deploy(NAME, "v1.4.2", 0.0, OLGA)
        await rig.clock.advance(300.0)
        assert (await rig.runtime.ops.metrics(NAME, Window(600.0))).deploys == (deploy,)
        assert (await rig.runtime.ops.metrics(NAME, Window(60.0))).deploys == ()
