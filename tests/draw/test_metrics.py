"""Metrics, on a phone and in a terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from opsbot.domain.metrics import MetricsReport, MetricSummary, Window
from opsbot.domain.moment import Moment
from opsbot.draw.metrics import metrics_payload, metrics_text
from opsbot.draw.sparkline import BARS, GAP, sparkline
from opsbot.draw.values import metric_label
from tests.draw.samples import nasty_text, patient
from tests.draw.test_limits_of_incidents import LIVE, assert_discord_takes_it, texts

AT = Moment(1000.0, 1_767_625_440.0)
HOUR = Window(3600.0)
CPU = MetricSummary("cpu_percent", 0.2, 0.25, 0.1, 0.5, (0.1, 0.2, None, 0.5, 0.2))
RSS = MetricSummary("rss_bytes", None, 90 * 2.0**20, 89 * 2.0**20, 91 * 2.0**20, ())


def report(*metrics: MetricSummary) -> MetricsReport:
    names = tuple(metric.name for metric in metrics)
    return MetricsReport("summarybot", "Summary Bot NG", AT, AT.wall - 3600, AT.wall, metrics, names=names)


def test_each_metric_has_its_value_its_extremes_and_its_line() -> None:
    embed = metrics_payload(report(CPU, RSS), HOUR).embeds[0]
    assert embed.title == "📈 Summary Bot NG: the last 1 h"
    assert embed.description.splitlines() == [
        "**CPU** 0.2%",
        "avg 0.25% · min 0.1% · max 0.5%",
        "`▁▃·█▃`",
        "**RSS** –",
        "avg 90 MB · min 89 MB · max 91 MB",
    ]


def test_the_terminal_shows_the_guides_statistics() -> None:
    lines = metrics_text(report(CPU)).splitlines()
    assert lines[0] == "Summary Bot NG - Metrics (last 1 h)"
    assert lines[3:5] == ["Summary Statistics:", "-------------------"]
    assert lines[5] == "CPU: now=0.2%, avg=0.25%, min=0.1%, max=0.5%  ▁▃·█▃"


def test_nothing_measured_is_said() -> None:
    assert "Nothing measured yet" in metrics_payload(report(), HOUR).embeds[0].description
    assert "Nothing measured yet" in metrics_text(report())


def test_metrics_without_a_name_of_their_own_are_called_by_their_words() -> None:
    assert metric_label("api_key_quota_total") == "Api key quota"
    assert metric_label("health_response_seconds") == "Health answer"


def test_a_short_peak_is_seen_in_a_long_line() -> None:
    points = [1.0] * 500
    points[250] = 9.0
    assert sparkline(points).count("█") == 1
    assert len(sparkline(points)) == 24


def test_a_flat_line_lies_on_the_ground_and_no_value_draws_nothing() -> None:
    assert sparkline([5, 5, 5]) == "▁▁▁"
    assert sparkline([]) == ""
    assert sparkline([None, None]) == ""
    assert sparkline([float("nan"), float("inf"), 1, 2]) == "··▁█"


@patient
@given(st.lists(st.one_of(st.none(), st.floats()), max_size=200), st.integers(1, 40))
def test_any_numbers_can_be_drawn(points: list[float | None], width: int) -> None:
    line = sparkline(points, width)
    assert len(line) <= width
    assert set(line) <= set(BARS + GAP)


summaries = st.builds(
    MetricSummary,
    nasty_text,
    st.one_of(st.none(), st.floats()),
    st.floats(),
    st.floats(),
    st.floats(),
    st.lists(st.one_of(st.none(), st.floats()), max_size=50).map(tuple),
)


@patient
@given(st.lists(summaries, max_size=60), st.floats(0, 1e8))
def test_any_metrics_are_within_the_limits(metrics: list[MetricSummary], window: float) -> None:
    names = tuple(metric.name for metric in metrics)
    report = MetricsReport("a", "b", AT, AT.wall - window, AT.wall, tuple(metrics), names=names)
    payload = metrics_payload(report, Window(window))
    assert_discord_takes_it(payload)
    assert not any(LIVE.search(text) for text in texts(payload))


def test_what_does_not_fit_is_counted() -> None:
    shown = metrics_payload(report(*[CPU] * 200), HOUR).embeds[0].description
    drawn = shown.count("**CPU**")
    assert shown.endswith(f"… and {200 - drawn} more")
