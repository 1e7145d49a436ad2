"""What words, units and thresholds come to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsbot.config.conditions.mistakes import ConditionError
from opsbot.config.conditions.resolve import Compiled, compile_condition
from opsbot.config.conditions.scope import Absent, Scope
from opsbot.config.thresholds import BUILT_IN
from opsbot.domain.expr import All, AnyOf, Compare, Not, Op, Ratio, Reading, Reduce, Seen
from opsbot.domain.levels import Priority

METRICS = {
    **dict.fromkeys(
        ("cpu_percent", "cpu_machine_percent", "memory_percent", "rss_bytes", "threads"), "process"
    ),
    **dict.fromkeys(("log_size_bytes", "log_errors_total", "log_warnings_total"), "log"),
    **dict.fromkeys(("openrouter_successes_total", "openrouter_errors_total"), "openrouter"),
    **dict.fromkeys(("health_up", "health_response_seconds"), "health"),
    "gateway_disconnects_total": "gateway",
    "disk_free_bytes": "disk",
}
CHECKS = {
    "process": "process",
    "health": "http",
    "log": "log",
    "gateway": "gateway",
    "sockets": "sockets",
    "openrouter": "upstream",
    "disk": "disk",
    "port": "port",
}
SCOPE = Scope(
    "bot", METRICS, CHECKS, dict.fromkeys(CHECKS, 30.0), BUILT_IN, frozenset(METRICS), max_failures=3
)


def compiled(text: str, scope: Scope = SCOPE) -> Compiled:
    return compile_condition(text, scope)


def compare(text: str) -> Compare:
    expr = compiled(text).expr
    assert isinstance(expr, Compare)
    return expr


def reading(text: str) -> Reading:
    left = compare(text).left
    assert isinstance(left, Reading)
    return left


def mistake(text: str, scope: Scope = SCOPE) -> ConditionError:
    with pytest.raises(ConditionError) as caught:
        compile_condition(text, scope)
    return caught.value


def test_a_word_reads_its_metric_in_its_unit() -> None:
    assert reading("response_time > 2000") == Reading(
        "health_response_seconds", scale=1000.0, name="response_time", unit="ms"
    )
    assert reading("log_size > 100").scale == 1 / 2**20
    assert reading("cpu > 85") == Reading("cpu_percent", name="cpu", unit="%")


def test_error_rate_is_errors_per_minute_over_its_window() -> None:
    found = reading("error_rate > 20")
    assert (found.metric, found.reduce, found.window, found.unit) == (
        "log_errors_total",
        Reduce.INCREASE,
        300.0,
        "/min",
    )
    assert found.scale == pytest.approx(1 / 5)


def test_a_thresholds_window_applies_where_it_is_used() -> None:
    limits = {**BUILT_IN, "error_rate": replace(BUILT_IN["error_rate"], window=120.0)}
    scope = replace(SCOPE, limits=limits)
    expr = compiled("error_rate > thresholds.error_rate.critical", scope).expr
    assert isinstance(expr, Compare)
    assert isinstance(expr.left, Reading)
    assert (expr.left.window, expr.left.scale) == (120.0, 0.5)
    other = compiled(
        "log_warnings_total > 5 or openrouter_errors > thresholds.error_rate.critical", scope
    ).expr
    assert isinstance(other, AnyOf)
    second = other.terms[1]
    assert isinstance(second, Compare)
    assert second.left.window == 120.0
    assert second.left.unit == "/min"


def test_upstream_errors_are_those_of_the_last_hour() -> None:
    found = reading("openrouter_errors > 5")
    assert (found.metric, found.window, found.scale, found.unit) == (
        "openrouter_errors_total",
        3600.0,
        1.0,
        "/h",
    )


def test_a_success_rate_is_a_ratio() -> None:
    left = compare("openrouter_success_rate < thresholds.success_rate.warning").left
    assert left == Ratio(
        "openrouter_successes_total", "openrouter_errors_total", 3600.0, name="openrouter_success_rate"
    )


@pytest.mark.parametrize(
    ("text", "limit", "scale", "unit"),
    [
        ("rss_bytes > 500MB", 500, 2**-20, "MB"),
        ("rss_bytes > 500 MiB", 500, 2**-20, "MiB"),
        ("rss_bytes > 1000", 1000, 1.0, "B"),
        ("health_response_seconds > 2000ms", 2000, 1000.0, "ms"),
        ("response_time > 2s", 2, 1.0, "s"),
        ("health_response_seconds > thresholds.response_time.warning", 2000, 1000.0, "ms"),
        ("slope(rss_bytes, 3h) > 20MB/h", 20, 3600 / 2**20, "MB/h"),
        ("rate(log_errors_total, 10m) > 60/h", 60, 6.0, "/h"),
        ("increase(log_errors_total, 10m) > 5", 5, 1.0, ""),
        ("gateway_disconnects > 5", 5, 1.0, "/d"),
    ],
)
def test_units_are_converted(text: str, limit: float, scale: float, unit: str) -> None:
    found = compare(text)
    assert isinstance(found.left, Reading)
    assert (found.limit, found.left.unit) == (limit, unit)
    assert found.left.scale == pytest.approx(scale)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cpu > 5MB", "`cpu` is a percentage, but the limit is a size"),
        ("rss_bytes > 5/min", "but the limit is a plain number per time"),
        ("error_rate > 5ms", "is a plain number per time, but the limit is a duration"),
        ("avg(cpu_percent, 5MB) > 5", "is no duration"),
        ("avg(cpu_percent, 8d) > 5", "between 1 s and 7 days"),
        ("avg(cpu_percent, 30s) > 5", "a window needs two samples"),
        ("cpu > memory", "put a metric beside a number"),
        ("5 > 3", "put a metric beside a number"),
        ("cpu", "is a number: compare it"),
        ("process_not_running > 5", "is true or false"),
    ],
)
def test_what_does_not_fit_is_told(text: str, words: str) -> None:
    assert words in str(mistake(text))


@pytest.mark.parametrize(
    ("text", "at", "nearest"),
    [
        ("memry > 5", 0, "`memory`"),
        ("cpu > 5 and rss_byts > 5", 12, "`rss_bytes`"),
        ("cpu > thresholds.cpu_usge.critical", 6, "`thresholds.cpu_usage.critical`"),
        ("cpu > thresholds.cpu_usage.critcal", 6, "`thresholds.cpu_usage.critical`"),
        ("proces_not_running", 0, "`process_not_running`"),
        ("avg(cpu_percnt, 5m) > 3", 4, "`cpu_percent`"),
        ("openruter_errors > 5", 0, "`openrouter_errors`"),
        ("cpu > threshold.cpu_usage.critical", 6, "`thresholds.cpu_usage.critical`"),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest_right_one(text: str, at: int, nearest: str) -> None:
    error = mistake(text)
    assert f"did you mean {nearest}?" in str(error)
    assert error.offset == at


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("memory > 100", "never"),
        ("memory >= 100.5", "never"),
        ("rss_bytes < 0", "never"),
        ("health_up > 1", "never"),
        ("health_up == 2", "never"),
        ("cpu >= 0", "always"),
        ("rss_bytes > -1MB", "always"),
        ("openrouter_success_rate <= 100", "always"),
        ("increase(log_errors_total, 5m) < 0", "never"),
    ],
)
def test_a_limit_that_decides_nothing_is_refused(text: str, verdict: str) -> None:
    assert f"is {verdict} true" in str(mistake(text))


def test_several_cores_and_shrinking_memory_are_possible() -> None:
    assert compare("cpu > 150").limit == 150
    assert compare("slope(rss_bytes, 1h) < -5MB/h").limit == -5


def test_a_limit_may_stand_first() -> None:
    assert compare("85 < cpu") == compare("cpu > 85")


def test_a_thresholds_duration_and_samples_ask_something_of_the_rule() -> None:
    assert compiled("cpu > thresholds.cpu_usage.critical").hold == 300
    assert compiled("response_time > thresholds.response_time.critical").samples == 5
    assert compiled("health_check_failed").samples == 3
    assert (compiled("cpu > 85").hold, compiled("cpu > 85").samples) == (0, 1)


def test_parts_that_ask_for_different_times_take_the_longest_and_say_so() -> None:
    found = compiled("cpu > thresholds.cpu_usage.critical or health_check_failed")
    assert (found.hold, found.samples, found.mixed) == (300, 3, True)
    assert not compiled("cpu > 5 and memory > 6").mixed


def test_a_thresholds_recovery_goes_into_the_comparison() -> None:
    limits = {**BUILT_IN, "cpu_usage": replace(BUILT_IN["cpu_usage"], critical_recovery=60.0)}
    expr = compiled("cpu > thresholds.cpu_usage.critical", replace(SCOPE, limits=limits)).expr
    assert isinstance(expr, Compare)
    assert expr.recovery == 60.0


def test_a_lost_gateway_is_what_the_log_or_the_sockets_say() -> None:
    found = compiled("no_gateway_heartbeat_for_60s")
    assert isinstance(found.expr, AnyOf)
    assert [term.check for term in found.expr.terms if isinstance(term, Seen)] == ["gateway", "sockets"]
    assert (found.hold, found.priority) == (60, Priority.P2)
    assert compiled("no_gateway_heartbeat_for_300s").priority is Priority.P1
    assert compiled("gateway_lost").hold == 0


def test_a_broken_sensor_is_no_dead_process() -> None:
    assert compiled("process_not_running").expr == Seen("process", frozenset({"fail"}), "process_not_running")
    assert compiled("health_check_failed").expr == Seen(
        "health", frozenset({"fail", "timeout"}), "health_check_failed"
    )


def test_a_checks_outcome_is_a_word() -> None:
    assert compiled("disk_failed").expr == Seen("disk", frozenset({"fail", "timeout"}), "disk_failed")
    assert compiled("health_degraded").expr == Seen("health", frozenset({"degraded"}), "health_degraded")


def test_the_checks_that_a_condition_reads_are_known() -> None:
    assert compiled("cpu > 5 and error_rate > 6 or health_check_failed").reads == {"process", "log", "health"}
    assert compiled("not gateway_lost").reads == {"gateway", "sockets"}


def test_the_tree_is_as_written() -> None:
    expr = compiled("not (cpu > 5 and memory > 6)").expr
    assert isinstance(expr, Not)
    assert isinstance(expr.term, All)
    assert [term.op for term in expr.term.terms if isinstance(term, Compare)] == [Op.GT, Op.GT]


def test_a_word_without_its_check_says_which_one_is_missing() -> None:
    bare = replace(SCOPE, metrics={}, checks={})
    for text, kind in (("cpu > 5", "process"), ("health_check_failed", "http"), ("gateway_lost", "gateway")):
        error = mistake(text, bare)
        assert isinstance(error, Absent)
        assert f"`{kind}`" in str(error)
        assert "`bot`" in str(error)


def test_only_the_check_of_the_health_url_is_a_health_check() -> None:
    named = replace(
        SCOPE, metrics={"health_up": "api", "docs_up": "docs"}, checks={"api": "http", "docs": "http"}
    )
    assert compiled("health_check_failed", named).reads == {"api"}
    other = replace(SCOPE, metrics={"docs_up": "docs"}, checks={"docs": "http"})
    assert isinstance(mistake("health_check_failed", other), Absent)
