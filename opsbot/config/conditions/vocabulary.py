"""The words of the alert file: what they mean in metrics and outcomes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from opsbot.config.conditions.scope import Absent, Scope
from opsbot.config.conditions.units import UNITS, Unit
from opsbot.domain.expr import AnyOf, Expr, Operand, Ratio, Reading, Reduce, Seen
from opsbot.domain.levels import Outcome, Priority

HOUR = 3600.0
DAY = 86400.0

GATEWAY_P1_AFTER = 300.0
"""Seconds without a gateway after which it is as bad as a dead process (P1), before that P2."""

FAILED = frozenset({Outcome.FAIL.value})
NO_ANSWER = frozenset({Outcome.FAIL.value, Outcome.TIMEOUT.value})
"""Not `error`: a sensor that broke says nothing about the target."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number a condition reads. The operand's scale makes base units (%, seconds, bytes; per second);
    `unit`: the one a bare number beside it is in. `counted`: a word for what is counted over a window, which
    the threshold it is compared with may set."""

    operand: Operand
    unit: Unit
    counted: bool = False

    def over(self, window: float) -> Quantity:
        """The same over another window of so many seconds; 0 or a number that is not counted: as it is."""
        if not window or not self.counted:
            return self
        if isinstance(self.operand, Ratio):
            return replace(self, operand=replace(self.operand, window=window))
        return replace(self, operand=replace(self.operand, window=window, scale=1 / window))


@dataclass(frozen=True, slots=True)
class Fact:
    """A word that is true or false, and what it asks of a rule that uses it."""

    expr: Expr
    hold: float = 0.0
    samples: int = 1
    priority: Priority | None = None


@dataclass(frozen=True, slots=True)
class _Simple:
    metric: str
    unit: str
    kind: str


_SIMPLE = {
    "cpu": _Simple("cpu_percent", "%", "process"),
    "cpu_machine": _Simple("cpu_machine_percent", "%", "process"),
    "memory": _Simple("memory_percent", "%", "process"),
    "rss": _Simple("rss_bytes", "MB", "process"),
    "response_time": _Simple("health_response_seconds", "ms", "http"),
    "log_size": _Simple("log_size_bytes", "MB", "log"),
    "disk_free": _Simple("disk_free_bytes", "GB", "disk"),
}

_HEARTBEAT = re.compile(r"no_gateway_heartbeat_for_([0-9]{1,5})s\Z", re.ASCII)
_ERRORS = re.compile(r"([a-z][a-z0-9_]*)_errors\Z", re.ASCII)
_SUCCESS = re.compile(r"([a-z][a-z0-9_]*)_success_rate\Z", re.ASCII)
_MISSING = re.compile(r"([A-Za-z][A-Za-z0-9_]*)_missing\Z", re.ASCII)
_OUTCOME = re.compile(r"([A-Za-z][A-Za-z0-9_-]*)_(failed|degraded)\Z", re.ASCII)


def number(word: str, scope: Scope, at: int) -> Quantity | None:
    """The number a word stands for; None when it is no such word.

    Raises:
        Absent: it is one, but the target lacks the check for it.
    """
    simple = _SIMPLE.get(word)
    if simple is not None:
        _need_metric(word, simple.metric, simple.kind, scope, at)
        return Quantity(Reading(simple.metric, name=word), UNITS[simple.unit])
    if word == "error_rate":
        _need_metric(word, "log_errors_total", "log", scope, at)
        window = scope.limits["error_rate"].window
        return _rate("log_errors_total", word, window, "/min")
    if word == "gateway_disconnects":
        _need_metric(word, "gateway_disconnects_total", "gateway", scope, at)
        return _rate("gateway_disconnects_total", word, DAY, "/d")
    return _upstream(word, scope, at)


def _upstream(word: str, scope: Scope, at: int) -> Quantity | None:
    if match := _ERRORS.match(word):
        metric = f"{match[1]}_errors_total"
        if metric not in scope.known:
            return None
        _need_metric(word, metric, "upstream", scope, at)
        return _rate(metric, word, HOUR, "/h")
    if match := _SUCCESS.match(word):
        good, bad = f"{match[1]}_successes_total", f"{match[1]}_errors_total"
        if good not in scope.known or bad not in scope.known:
            return None
        _need_metric(word, good, "upstream", scope, at)
        window = scope.limits["success_rate"].window
        return Quantity(Ratio(good, bad, window, name=word), UNITS["%"], counted=True)
    return None


def _rate(metric: str, word: str, window: float, unit: str) -> Quantity:
    reading = Reading(metric, Reduce.INCREASE, window, 1 / window, name=word)
    return Quantity(reading, UNITS[unit], counted=True)


def _need_metric(word: str, metric: str, kind: str, scope: Scope, at: int) -> None:
    if metric not in scope.metrics:
        raise Absent(
            f"`{word}` needs the metric `{metric}`: give target `{scope.target}` a check of type `{kind}`.",
            at,
        )


def fact(word: str, scope: Scope, at: int) -> Fact | None:
    """What a true-or-false word stands for; None when it is no such word.

    Raises:
        Absent: it is one, but the target lacks the check for it.
    """
    if match := _HEARTBEAT.match(word):
        return _gateway(word, scope, at, float(match[1]))
    maker = _FACTS.get(word)
    if maker is not None:
        return maker(word, scope, at)
    if (match := _MISSING.match(word)) and word not in scope.known:
        return _missing(match[1], word, scope, at)
    match = _OUTCOME.match(word)
    if match is None or match[1] not in scope.checks:
        return None
    outcomes = NO_ANSWER if match[2] == "failed" else frozenset({Outcome.DEGRADED.value})
    return Fact(Seen(match[1], outcomes, word))


def _process(word: str, scope: Scope, at: int) -> Fact:
    return Fact(Seen(_first(word, "process", scope, at), FAILED, word), priority=Priority.P1)


def _port(word: str, scope: Scope, at: int) -> Fact:
    return Fact(Seen(_first(word, "port", scope, at), FAILED, word))


def _health(word: str, scope: Scope, at: int) -> Fact:
    check = scope.health()
    if check is None:
        _need_metric(word, "health_up", "http", scope, at)
        raise AssertionError("the metric is there, so its check is")
    return Fact(Seen(check, NO_ANSWER, word), samples=scope.max_failures, priority=Priority.P1)


def _missing(check: str, word: str, scope: Scope, at: int) -> Fact:
    found = [name for name in scope.of_kind("heartbeat") if name.replace("-", "_") == check]
    if not found:
        text = f"`{word}` needs a check `{check}` of type `heartbeat`: give target `{scope.target}` one."
        raise Absent(text, at)
    return Fact(Seen(found[0], FAILED, word))


def _gateway_lost(word: str, scope: Scope, at: int) -> Fact:
    return _gateway(word, scope, at, 0.0)


def _gateway(word: str, scope: Scope, at: int, hold: float) -> Fact:
    """The log's story or the sockets' state, whichever knows: discord.py logs an ordinary close only at
    DEBUG, so the log alone often shows nothing."""
    checks = scope.of_kind("gateway") + scope.of_kind("sockets")
    if not checks:
        _first(word, "gateway", scope, at)
    name = word.partition("_for_")[0]  # how long is the rule's hold, and told with it
    terms = tuple(Seen(check, FAILED, name) for check in checks)
    expr: Expr = terms[0] if len(terms) == 1 else AnyOf(terms)
    priority = Priority.P1 if hold >= GATEWAY_P1_AFTER else Priority.P2
    return Fact(expr, hold=hold, priority=priority)


def _first(word: str, kind: str, scope: Scope, at: int) -> str:
    names = scope.of_kind(kind)
    if not names:
        raise Absent(f"`{word}` needs a check of type `{kind}`: give target `{scope.target}` one.", at)
    return names[0]


_FACTS: dict[str, Callable[[str, Scope, int], Fact]] = {
    "process_not_running": _process,
    "health_check_failed": _health,
    "port_not_listening": _port,
    "gateway_lost": _gateway_lost,
}


def words(scope: Scope) -> list[str]:
    """Every word, for the nearest right name."""
    found = [*_SIMPLE, *_FACTS, "error_rate", "gateway_disconnects", "no_gateway_heartbeat_for_60s"]
    for metric in scope.known:
        if metric.endswith("_errors_total"):
            found.append(metric.removesuffix("_total"))
        if metric.endswith("_successes_total"):
            found.append(metric.removesuffix("_successes_total") + "_success_rate")
    for check in scope.checks:
        found += [f"{check}_failed", f"{check}_degraded"]
    found += [f"{check}_missing".replace("-", "_") for check in scope.of_kind("heartbeat")]
    return found
