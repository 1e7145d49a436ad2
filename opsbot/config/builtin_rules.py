"""The rules that apply without being written down.

Sources: the guide's "Built-in Rules" and "Key Metrics to Monitor" with the scales and priorities settled in
the design of the alert file (critical P2, warning P3, info P4; hourly and daily figures at P3 and P4), and
two trends of opsbot's own. A rule that a target has no check for does not apply to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from opsbot.config.models.rule import RuleSection
from opsbot.domain.levels import Severity

CRITICAL, WARNING, INFO = Severity.CRITICAL, Severity.WARNING, Severity.INFO

_Row = tuple[str, str, Severity, str, str]

_GUIDE: tuple[_Row, ...] = (
    ("bot_process_down", "process_not_running", CRITICAL, "restart", "The process is not running."),
    ("api_health_failure", "health_check_failed", CRITICAL, "restart", "The health check fails."),
    (
        "discord_gateway_disconnected",
        "no_gateway_heartbeat_for_60s",
        CRITICAL,
        "restart",
        "The Discord gateway is gone.",
    ),
    (
        "high_cpu_usage",
        "cpu > thresholds.cpu_usage.critical",
        CRITICAL,
        "investigate",
        "CPU usage is {cpu:.0f}%, above {threshold:.0f}%.",
    ),
    (
        "high_memory_usage",
        "memory > thresholds.memory_usage.critical",
        CRITICAL,
        "investigate",
        "Memory usage is {memory:.0f}%, above {threshold:.0f}%.",
    ),
    (
        "high_error_rate",
        "error_rate > thresholds.error_rate.critical",
        CRITICAL,
        "investigate",
        "{error_rate} errors per minute, more than {threshold}.",
    ),
    (
        "log_file_size",
        "log_size > thresholds.log_size.warning",
        WARNING,
        "rotate_logs",
        "The log is {log_size:.0f} MB, more than {threshold} MB.",
    ),
)
"""The guide's seven."""

_MORE: tuple[_Row, ...] = (
    (
        "discord_gateway_lost",
        "no_gateway_heartbeat_for_300s",
        CRITICAL,
        "investigate",
        "The Discord gateway has been gone for 5 minutes.",
    ),
    (
        "port_closed",
        "port_not_listening and not process_not_running",
        WARNING,
        "none",
        "The process runs but does not listen on its port.",
    ),
    ("service_degraded", "health_degraded", INFO, "none", "It works, but its health check has warnings."),
    (
        "slow_response_time",
        "response_time > thresholds.response_time.critical",
        WARNING,
        "monitor",
        "The health check took {response_time:.0f} ms, more than {threshold:.0f} ms.",
    ),
    (
        "slower_response_time",
        "response_time > thresholds.response_time.warning",
        INFO,
        "none",
        "The health check took {response_time:.0f} ms, more than {threshold:.0f} ms.",
    ),
    (
        "elevated_cpu_usage",
        "cpu > thresholds.cpu_usage.warning",
        WARNING,
        "none",
        "CPU usage is {cpu:.0f}%, above {threshold:.0f}%.",
    ),
    (
        "elevated_memory_usage",
        "memory > thresholds.memory_usage.warning",
        WARNING,
        "none",
        "Memory usage is {memory:.0f}%, above {threshold:.0f}%.",
    ),
    (
        "elevated_error_rate",
        "error_rate > thresholds.error_rate.warning",
        WARNING,
        "none",
        "{error_rate} errors per minute, more than {threshold}.",
    ),
    (
        "log_file_too_large",
        "log_size > thresholds.log_size.critical",
        CRITICAL,
        "rotate_logs",
        "The log is {log_size:.0f} MB, more than {threshold} MB.",
    ),
    (
        "disk_space_low",
        "disk_free < thresholds.disk_free.warning",
        WARNING,
        "none",
        "The disk has {disk_free} GB free, less than {threshold} GB.",
    ),
    (
        "disk_space_critical",
        "disk_free < thresholds.disk_free.critical",
        CRITICAL,
        "none",
        "The disk has {disk_free} GB free, less than {threshold} GB.",
    ),
    (
        "memory_leak",
        "slope(rss_bytes, 3h) > thresholds.memory_growth.warning and process_uptime_seconds > 3h",
        WARNING,
        "none",
        "Memory has been growing for 3 hours: {evidence}.",
    ),
    (
        "log_growing_rapidly",
        "slope(log_size_bytes, 30m) > thresholds.log_growth.warning",
        WARNING,
        "none",
        "The log grows rapidly: {evidence}.",
    ),
)
"""What the guide's severity levels and thresholds say beside the seven."""

_TABLE: tuple[tuple[str, str, str, str], ...] = (
    ("rss", "rss > thresholds.rss", "none", "Physical memory is {rss:.0f} MB, above {threshold:.0f} MB."),
    ("threads", "threads > thresholds.threads", "none", "{threads:.0f} threads, more than {threshold:.0f}."),
    (
        "errors_per_hour",
        "log_errors > thresholds.errors_per_hour",
        "none",
        "{log_errors:.0f} errors in the last hour, more than {threshold:.0f}.",
    ),
    (
        "gateway_disconnects",
        "gateway_disconnects > thresholds.gateway_disconnects_per_day",
        "none",
        "The gateway was lost {gateway_disconnects:.0f} times in a day, more than {threshold:.0f} times.",
    ),
    (
        "summarize_time",
        "summarize_response_seconds > thresholds.summarize_time",
        "none",
        "A summary took {value:.0f} s, more than {threshold:.0f} s.",
    ),
)
"""The guide's table: name, condition without its level, action, message."""

_UPSTREAM: tuple[tuple[str, str, str, str], ...] = (
    (
        "{up}_api_errors",
        "{up}_errors > thresholds.api_errors_per_hour",
        "check_api_key",
        "{{{up}_errors:.0f}} failed calls in the last hour, more than {{threshold:.0f}}.",
    ),
    (
        "{up}_success_rate",
        "{up}_success_rate < thresholds.success_rate and {up}_errors >= {few}",
        "check_api_key",
        "Only {{{up}_success_rate:.0f}}% of the calls succeed, less than {{threshold:.0f}}%.",
    ),
)
"""The table's rows about an external API, for each one."""

HOLDS = {"port_closed": 60.0, "service_degraded": 300.0}
"""Seconds for which these rules must be true: a service that starts opens its port last."""

FEW_ERRORS = 3
"""Failed calls in an hour below which a success rate says nothing: one failure of one call is 0%."""


def built_in(upstreams: Iterable[str], heartbeats: Iterable[str] = ()) -> Iterator[RuleSection]:
    """All built-in rules. `upstreams`: names of the external APIs that checks watch; `heartbeats`: of the
    checks that wait for one."""
    for name, condition, severity, action, message in (*_GUIDE, *_MORE):
        yield _rule(name, condition, severity, action, message)
    for name, condition, action, message in _TABLE:
        yield from _two(name, condition, action, message)
    for up in sorted(upstreams):
        for name, condition, action, message in _UPSTREAM:
            filled = condition.format(up=up, few=FEW_ERRORS)
            yield from _two(name.format(up=up), filled, action, message.format(up=up))
    for check in sorted(heartbeats):  # a rule each: what is not known of one says nothing of another
        word = f"{check}_missing".replace("-", "_")  # as conditions can name it
        yield _rule(f"{check}_missing", word, CRITICAL, "none", "{evidence}")


_LIMIT = re.compile(r"thresholds\.\w+")


def _two(name: str, condition: str, action: str, message: str) -> Iterator[RuleSection]:
    yield _rule(name, _LIMIT.sub(r"\g<0>.warning", condition), INFO, action, message)
    yield _rule(f"{name}_critical", _LIMIT.sub(r"\g<0>.critical", condition), WARNING, action, message)


def _rule(name: str, condition: str, severity: Severity, action: str, message: str) -> RuleSection:
    """Not validated: a test does that, once, instead of every start."""
    return RuleSection.model_construct(
        name=name,
        condition=condition,
        severity=severity,
        action=action,
        message=message,
        for_seconds=HOLDS.get(name),
    )


def upstreams_of(metrics: Iterable[str]) -> set[str]:
    """The names of external APIs among metrics."""
    end = "_successes_total"
    return {metric.removesuffix(end) for metric in metrics if metric.endswith(end)}
