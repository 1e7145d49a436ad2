"""A snapshot as Prometheus reads it. Labels hold what the configuration names (targets, checks, rules,
notifiers) and words of opsbot's own; never a text that came from elsewhere."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Sample

from opsbot import __version__, registry
from opsbot.domain.alert import Alert
from opsbot.domain.levels import IncidentState, Outcome, Priority
from opsbot.domain.rule import Rule
from opsbot.domain.target import CheckSpec
from opsbot.runtime.tally import ORIGINS
from opsbot.text import one_line
from opsbot.web.naming import TOTAL, exposed
from opsbot.web.snapshot import Snapshot, TargetSeen

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format"""

HELP_SHOWN = 200
"""Characters of what a metric means."""

LIVE = (IncidentState.OPEN, IncidentState.ACKNOWLEDGED)

Labels = dict[str, str]
Values = Iterable[tuple[Labels, float]]


def render(seen: Snapshot) -> bytes:
    """The whole answer. Takes 1 to 2 ms a target with the built-in rules: call it in a thread."""
    found = CollectorRegistry(
        auto_describe=False
    )  # what libraries register for themselves is not ours to tell
    ProcessCollector(registry=found)
    found.register(_Collector(seen))
    return generate_latest(found)


class _Collector:
    def __init__(self, seen: Snapshot) -> None:
        self._seen = seen

    def describe(self) -> Iterable[Metric]:
        """Nothing: names are known when they are collected."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """All families."""
        yield from _targets(self._seen.targets)
        yield from _checks(self._seen.targets)
        yield from _alerts(self._seen)
        yield from _incidents(self._seen)
        yield from _notifiers(self._seen)
        yield from _own(self._seen)


def _family(name: str, meaning: str, values: Values) -> Metric:
    """A counter when it is called so, else a gauge. The values come one by one, when they are written: kept
    together, those of a thousand targets would have Python's garbage collector stop everything to look at
    them."""
    counter = name.endswith(TOTAL)
    family = Metric(name.removesuffix(TOTAL), meaning, "counter" if counter else "gauge")
    family.samples = cast("list[Sample]", (Sample(name, labels, value) for labels, value in values))
    return family


@dataclass(frozen=True, slots=True)
class _Column:
    """The values of one metric, each of the target at the same place."""

    meaning: str
    targets: list[str] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def rows(self) -> Values:
        return (({"target": name}, value) for name, value in zip(self.targets, self.values, strict=True))


def _targets(targets: Iterable[TargetSeen]) -> Iterator[Metric]:
    """The newest value of every metric. Where a name that people chose comes to another's name in base units,
    the first one counts."""
    columns: dict[str, _Column] = {}
    for seen in targets:
        for spec in seen.target.checks:
            sample = seen.samples.get(spec.name)
            for metric, value in (sample.metrics if sample else {}).items():
                named = exposed(metric)
                if named.name not in columns:
                    columns[named.name] = _Column(_meaning(spec, metric))
                column = columns[named.name]
                if seen.target.name not in column.targets[-1:]:
                    column.targets.append(seen.target.name)
                    column.values.append(value * named.factor)
    for name, column in columns.items():
        yield _family(name, column.meaning, column.rows())


def _meaning(spec: CheckSpec, metric: str) -> str:
    """What the check says of it, with the name that opsbot itself has for it."""
    described = registry.load("opsbot.checks", spec.kind).metrics(spec.options)
    return one_line(f"{metric}: {described.get(metric, spec.kind)}", HELP_SHOWN)


def _checks(targets: Iterable[TargetSeen]) -> Iterator[Metric]:
    yield _family(
        "opsbot_check_outcome",
        "1 for what the check saw last (unknown when it was not heard of late), 0 for the other outcomes",
        (
            ({"target": seen.target.name, "check": spec.name, "outcome": each.value}, float(each is now))
            for seen in targets
            for spec in seen.target.checks
            for now in [seen.samples[spec.name].outcome if spec.name in seen.samples else Outcome.UNKNOWN]
            for each in Outcome
        ),
    )
    yield _family(
        "opsbot_check_last_look_timestamp_seconds",
        "when the check looked last, seconds since 1970",
        (
            ({"target": seen.target.name, "check": spec.name}, seen.looked[spec.name].wall)
            for seen in targets
            for spec in seen.target.checks
            if spec.name in seen.looked
        ),
    )
    yield _family(
        "opsbot_automation_paused",
        "1 while people hold all automation of the target",
        (({"target": seen.target.name}, float(seen.paused)) for seen in targets),
    )


def _alerts(seen: Snapshot) -> Iterator[Metric]:
    yield _family("opsbot_alerts_firing", "1 while the rule fires, 0 while it does not", _firing(seen))
    yield _family(
        "opsbot_alerts_pending",
        "1 while the rule's condition is true and has not held long enough",
        (
            (_of_alert(each.target.name, rule.name, rule), 1.0)
            for each in seen.targets
            for rule in each.target.rules
            if rule.name in each.pending
        ),
    )


def _firing(seen: Snapshot) -> Values:
    """Every configured rule; of the others, which are opsbot's own, those that fire."""
    rest = dict(seen.firing)
    for each in seen.targets:
        for rule in each.target.rules:
            fires = rest.pop((each.target.name, rule.name), None) is not None
            yield _of_alert(each.target.name, rule.name, rule), float(fires)
    for (target, name), alert in rest.items():
        yield _of_alert(target, name, alert), 1.0


def _of_alert(target: str, name: str, how: Rule | Alert) -> Labels:
    return {"target": target, "rule": name, "severity": how.severity.value, "priority": how.priority.value}


def _incidents(seen: Snapshot) -> Iterator[Metric]:
    yield _family(
        "opsbot_incidents",
        "incidents that are not over",
        (
            ({"priority": priority.value, "state": state.value}, seen.incidents.get((priority, state), 0))
            for priority in Priority
            for state in LIVE
        ),
    )
    yield _family(
        "opsbot_incidents_opened_total",
        "incidents since opsbot began, by the priority that they opened with",
        (({"priority": priority.value}, seen.tally.opened[priority]) for priority in Priority),
    )
    yield _family(
        "opsbot_restarts_total",
        "restarts since opsbot began, by who made them (auto: opsbot by its rules; other: not opsbot)",
        (
            ({"target": name, "origin": origin}, seen.tally.restarts[name, origin])
            for name in (each.target.name for each in seen.targets)
            for origin in ORIGINS
        ),
    )


def _notifiers(seen: Snapshot) -> Iterator[Metric]:
    queues, tally = seen.queues, seen.tally
    for name, meaning, values in (
        ("outbox_notices", "notices that wait", {n: float(q.rows) for n, q in queues.items()}),
        (
            "outbox_oldest_notice_age_seconds",
            "for how long the oldest notice has been due",
            {n: q.oldest for n, q in queues.items()},
        ),
        ("notifier_stuck", "1 while known not to deliver", {n: float(q.stuck) for n, q in queues.items()}),
        ("deliveries_total", "messages that arrived since opsbot began", _counts(queues, tally.delivered)),
        ("delivery_failures_total", "tries that failed since opsbot began", _counts(queues, tally.failed)),
        ("dead_letters_total", "notices given up since opsbot began", _counts(queues, tally.dead)),
    ):
        yield _family(
            f"opsbot_{name}", meaning, (({"notifier": notifier}, value) for notifier, value in values.items())
        )


def _counts(names: Iterable[str], counts: Mapping[str, int]) -> dict[str, float]:
    return {name: float(counts[name]) for name in names}


def _own(seen: Snapshot) -> Iterator[Metric]:
    own = seen.own
    for name, meaning, value in (
        ("event_loop_lag_seconds", "how late the event loop was at most within a minute", own.lag),
        ("loops_late", "loops of opsbot's own that have not come round in time", own.late),
        ("inputs_waiting", "samples, wishes and results that are not decided yet", own.queued),
        ("store_degraded", "1 while opsbot's state cannot be written to its file", own.degraded),
        ("cut_off", "1 while opsbot itself is cut off from the network", own.cut_off),
    ):
        yield _family(f"opsbot_{name}", meaning, [({}, float(value))])
    build = {"version": __version__, "python": platform.python_version()}
    yield _family("opsbot_build_info", "which opsbot this is", [(build, 1.0)])
