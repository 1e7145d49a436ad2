"""What a chart shows: units, thresholds, incidents, times."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.domain.actor import AUTO
from opsbot.domain.chart import Mark, Style, chart_data, chart_of
from opsbot.domain.expr import Compare, Op, Reading, Reduce
from opsbot.domain.levels import Priority, Severity
from opsbot.domain.metrics import Limit, MetricsReport, Span, limits_of
from opsbot.domain.moment import Moment
from opsbot.domain.rule import Rule
from opsbot.domain.series import Bucket, Series
from opsbot.domain.silence import Deploy
from opsbot.draw.chart import PANELS, chart_of_report
from opsbot.draw.metric_values import rate_text, share_text
from opsbot.draw.ticks import MOST, ticks, window_text, zone_text

NOW = 1_767_625_440.0  # 2026-01-05 15:04:00 UTC
BERLIN = ZoneInfo("Europe/Berlin")


def series(metric: str, *values: float, step: float = 60.0) -> Series:
    """Spans of a minute up to now."""
    start = NOW - step * len(values)
    buckets = (Bucket(start + step * n, v / 2, v * 2, v, v, 6) for n, v in enumerate(values))
    return Series("bot", metric, step, tuple(buckets))


def report(*shown: Series, limits: tuple[Limit, ...] = (), incidents: tuple[Span, ...] = ()) -> MetricsReport:
    at = Moment(0.0, NOW)
    return MetricsReport("bot", "Bot", at, NOW - 3600, NOW, (), shown, (), limits, incidents)


@pytest.mark.parametrize(
    ("metric", "value", "unit", "shown"),
    [
        ("cpu_percent", 3.0, "%", 3.0),
        ("rss_bytes", 89 * 2.0**20, "MB", 89.0),
        ("disk_free_bytes", 2.0**31, "GB", 2.0),
        ("health_response_seconds", 0.08, "ms", 80.0),
        ("process_uptime_seconds", 7200.0, "h", 2.0),
        ("process_up", 1.0, "% of the time", 100.0),
        ("threads", 12.0, "", 12.0),
        ("health_status", 200.0, "", 200.0),
    ],
)
def test_values_are_in_units_that_people_read(metric: str, value: float, unit: str, shown: float) -> None:
    (panel,) = chart_of_report(report(series(metric, value))).panels
    assert panel.unit == unit
    assert panel.points[0].mean == pytest.approx(shown)


def test_a_counter_is_drawn_as_what_was_counted_in_each_span() -> None:
    limit = Limit("log_errors_total", 5 / 60, Severity.WARNING)
    (panel,) = chart_of_report(report(series("log_errors_total", 0.5, 0.0), limits=(limit,))).panels
    assert (panel.style, panel.unit) == (Style.BARS, "per 1 min")
    assert [point.mean for point in panel.points] == [3.0, 0.0]
    assert panel.thresholds[0].value == pytest.approx(5.0)


def test_a_deploy_is_marked_with_its_version_and_outlives_the_way_to_the_painter() -> None:
    at = Moment(0.0, NOW - 60)
    deploy = Deploy("bot", "v1.4.2\nwith more words than fit", AUTO, at, at)
    drawn = chart_of_report(replace(report(series("cpu_percent", 1.0)), deploys=(deploy,)))
    assert drawn.deploys == (Mark(NOW - 60, "v1.4.2 wi…"),)
    assert chart_of(json.loads(json.dumps(chart_data(drawn)))) == drawn


def test_no_chart_has_more_panels_than_can_be_read() -> None:
    assert len(chart_of_report(report(*[series("threads", 1.0)] * 9)).panels) == PANELS


def test_incidents_are_cut_to_the_window_and_a_live_one_reaches_its_end() -> None:
    spans = (
        Span(1, NOW - 9000, NOW - 3000, Severity.CRITICAL),
        Span(2, NOW - 60, None, Severity.WARNING),
        Span(3, NOW - 9000, NOW - 8000, Severity.WARNING),
    )
    shades = chart_of_report(report(incidents=spans)).shades
    assert [(s.start, s.end) for s in shades] == [(NOW - 60, NOW), (NOW - 3600, NOW - 3000)]


def rule(reading: Reading, limit: float, op: Op = Op.GT) -> Rule:
    return Rule("r", Compare(reading, op, limit), Severity.WARNING, Priority.P3, "m")


def test_the_limits_of_rules_are_in_the_metrics_own_unit() -> None:
    found = limits_of([
        rule(Reading("rss_bytes", scale=1 / 2**20), 500.0),
        rule(Reading("log_errors_total", Reduce.INCREASE, 300.0, 60 / 300), 5.0),
        rule(Reading("rss_bytes", Reduce.SLOPE, 300.0), 5.0),
        rule(Reading("health_status"), 500.0, Op.GE),
        rule(Reading("threads"), 50.0, Op.EQ),
    ])  # fmt: skip
    assert [limit.metric for limit in found] == ["rss_bytes", "log_errors_total"]
    assert [limit.value for limit in found] == pytest.approx([500 * 2**20, 5 / 60])


def labels(seconds: float, zone: tzinfo) -> str:
    return " ".join(tick.label for tick in ticks(NOW - seconds, NOW, zone))


def test_times_are_local_with_their_zone() -> None:
    assert [tick.label for tick in ticks(NOW - 3600, NOW, BERLIN)] == [
        "15:10",
        "15:20",
        "15:30",
        "15:40",
        "15:50",
        "16:00",
    ]
    assert zone_text(NOW, BERLIN) == "CET (UTC+1)"
    assert zone_text(NOW, UTC) == "UTC"
    assert zone_text(NOW, ZoneInfo("Asia/Kolkata")) == "IST (UTC+5.5)" or "UTC+0530" in zone_text(
        NOW, ZoneInfo("Asia/Kolkata")
    )


def test_a_day_begins_with_its_date() -> None:
    assert [tick.label for tick in ticks(NOW - 86_400, NOW, UTC)] == [
        "16:00",
        "20:00",
        "Jan 5",
        "04:00",
        "08:00",
        "12:00",
    ]
    assert ticks(NOW - 30 * 86_400, NOW, UTC)[-1].label.startswith("Jan ")


@given(
    st.floats(10, 366 * 86_400),
    st.floats(1e8, 2e9),
    st.sampled_from([UTC, BERLIN, ZoneInfo("Pacific/Chatham")]),
)
def test_ticks_are_few_in_order_and_within_the_window(seconds: float, until: float, zone: ZoneInfo) -> None:
    found = [tick.wall for tick in ticks(until - seconds, until, zone)]
    assert found == sorted(set(found))
    assert 1 <= len(found) <= MOST + 1
    assert all(until - seconds <= wall <= until for wall in found)


def test_a_window_says_what_it_is() -> None:
    assert window_text(NOW - 3600, NOW, NOW, UTC) == "last 1 h"
    assert window_text(NOW - 7200, NOW - 3600, NOW, UTC) == "Jan 5 13:04 – 14:04"
    assert window_text(NOW - 86_400, NOW - 3600, NOW, UTC) == "Jan 4 15:04 – Jan 5 14:04"


def test_rates_and_shares_are_said_with_the_figures_that_matter() -> None:
    assert [rate_text(value) for value in (0.0, 5 / 3600, 3 / 60, 12.0, 2 / 86_400)] == [
        "0/h",
        "5/h",
        "3/min",
        "12/s",
        "2/d",
    ]
    assert [share_text(value) for value in (1.0, 0.99999, 0.9998, 0.5, 0.0)] == [
        "100%",
        "99.99%",
        "99.98%",
        "50%",
        "0%",
    ]


def test_a_chart_comes_back_from_json_as_it_was() -> None:
    limit = Limit("cpu_percent", 85.0, Severity.CRITICAL)
    span = Span(1, NOW - 60, None, Severity.CRITICAL)
    chart = chart_of_report(report(series("cpu_percent", 1.0, 2.0), limits=(limit,), incidents=(span,)), UTC)
    assert chart_of(json.loads(json.dumps(chart_data(chart)))) == chart
