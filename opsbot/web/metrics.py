"""A snapshot as Prometheus reads it. Labels hold what the configuration names (targets, checks, rules,
notifiers) and words of opsbot's own; never a text that came from elsewhere."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

from opsbot import __version__, registry
from opsbot.domain.levels import IncidentState, Outcome, Priority
from opsbot.domain.target import CheckSpec
from opsbot.runtime.tally import ORIGINS
from opsbot.text import one_line
from opsbot.web.naming import exposed
from opsbot.web.snapshot import Snapshot, TargetSeen

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format"""

HELP_SHOWN = 200
"""Characters of what a metric means."""

LIVE = (IncidentState.OPEN, IncidentState.ACKNOWLEDGED)

ALERT_LABELS = ("target", "rule", "severity", "priority")

Family = CounterMetricFamily | GaugeMetricFamily


def render(seen: Snapshot) -> bytes:
    """The whole answer. Takes some milliseconds a hundred targets: call it in a thread."""
    return generate_latest(_registry(seen))


def _registry(seen: Snapshot) -> CollectorRegistry:
    """A registry of its own: what libraries register for themselves is not opsbot's to tell."""
    found = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=found)
    found.register(_Collector(seen))
    return found


class _Collector:
    def __init__(self, seen: Snapshot) -> None:
        self._seen = seen

    def describe(self) -> Iterable[Family]:
        """Nothing: names are known when they are collected."""
        return ()

    def collect(self) -> Iterator[Family]:
        """All families."""
        yield from _targets(self._seen.targets)
        yield from _checks(self._seen.targets)
        yield from _alerts(self._seen)
        yield from _incidents(self._seen)
        yield from _notifiers(self._seen)
        yield from _own(self._seen)


def _targets(targets: Iterable[TargetSeen]) -> Iterable[Family]:
    """The newest value of every metric. Where a name that people chose comes to another's name in base units,
    the first one counts."""
    families: dict[str, Family] = {}
    for seen in targets:
        done: set[str] = set()
        for spec in seen.target.checks:
            sample = seen.samples.get(spec.name)
            for metric, value in (sample.metrics if sample else {}).items():
                named = exposed(metric)
                if named.name in done:
                    continue
                done.add(named.name)
                if named.name not in families:
                    kind = CounterMetricFamily if named.counter else GaugeMetricFamily
                    families[named.name] = kind(named.name, _meaning(spec, metric), labels=["target"])
                families[named.name].add_metric([seen.target.name], value * named.factor)
    return families.values()


def _meaning(spec: CheckSpec, metric: str) -> str:
    """What the check says of it, about the metric by the name that opsbot has for it."""
    described = registry.load("opsbot.checks", spec.kind).metrics(spec.options)
    return one_line(f"{metric}: {described.get(metric, spec.kind)}", HELP_SHOWN)


def _checks(targets: Iterable[TargetSeen]) -> Iterator[Family]:
    outcome = GaugeMetricFamily(
        "opsbot_check_outcome",
        "1 for what the check saw last (unknown when it was not heard of late), 0 for the other outcomes",
        labels=["target", "check", "outcome"],
    )
    looked = GaugeMetricFamily(
        "opsbot_check_last_look_timestamp_seconds",
        "when the check looked last, seconds since 1970",
        labels=["target", "check"],
    )
    paused = GaugeMetricFamily(
        "opsbot_automation_paused", "1 while people hold all automation of the target", labels=["target"]
    )
    for seen in targets:
        name = seen.target.name
        paused.add_metric([name], float(seen.paused))
        for spec in seen.target.checks:
            sample = seen.samples.get(spec.name)
            now = sample.outcome if sample else Outcome.UNKNOWN
            for each in Outcome:
                outcome.add_metric([name, spec.name, each.value], float(each is now))
            if spec.name in seen.looked:
                looked.add_metric([name, spec.name], seen.looked[spec.name].wall)
    yield from (outcome, looked, paused)


def _alerts(seen: Snapshot) -> Iterator[Family]:
    """Every configured rule, firing or not; those of opsbot's own only while they fire."""
    firing = GaugeMetricFamily("opsbot_alerts_firing", "1 while the rule fires", labels=ALERT_LABELS)
    waits = GaugeMetricFamily(
        "opsbot_alerts_pending",
        "1 while the condition is true and has not held long enough",
        labels=ALERT_LABELS,
    )
    rest = dict(seen.firing)
    for each in seen.targets:
        for rule in each.target.rules:
            labels = [each.target.name, rule.name, rule.severity.value, rule.priority.value]
            firing.add_metric(labels, float(rest.pop((each.target.name, rule.name), None) is not None))
            waits.add_metric(labels, float(rule.name in each.pending))
    for (target, name), alert in rest.items():
        firing.add_metric([target, name, alert.severity.value, alert.priority.value], 1.0)
    yield from (firing, waits)


def _incidents(seen: Snapshot) -> Iterator[Family]:
    live = GaugeMetricFamily("opsbot_incidents", "incidents that are not over", labels=["priority", "state"])
    opened = CounterMetricFamily(
        "opsbot_incidents_opened",
        "incidents since opsbot began, by the priority at first",
        labels=["priority"],
    )
    for priority in Priority:
        opened.add_metric([priority.value], seen.tally.opened[priority])
        for state in LIVE:
            live.add_metric([priority.value, state.value], seen.incidents.get((priority, state), 0))
    restarts = CounterMetricFamily(
        "opsbot_restarts",
        "restarts since opsbot began, by who made them (auto: opsbot by its rules; other: not opsbot)",
        labels=["target", "origin"],
    )
    for each in seen.targets:
        for origin in ORIGINS:
            restarts.add_metric([each.target.name, origin], seen.tally.restarts[each.target.name, origin])
    yield from (live, opened, restarts)


def _notifiers(seen: Snapshot) -> Iterator[Family]:
    queues = seen.queues
    rows = {name: float(queue.rows) for name, queue in queues.items()}
    oldest = {name: queue.oldest for name, queue in queues.items()}
    stuck = {name: float(queue.stuck) for name, queue in queues.items()}
    yield _by_notifier("opsbot_outbox_notices", "notices that wait for the notifier", rows)
    yield _by_notifier(
        "opsbot_outbox_oldest_notice_age_seconds", "seconds for which the oldest notice has been due", oldest
    )
    yield _by_notifier("opsbot_notifier_stuck", "1 while the notifier is known not to deliver", stuck)
    for name, counts, meaning in (
        ("opsbot_deliveries", seen.tally.delivered, "messages that arrived since opsbot began"),
        ("opsbot_delivery_failures", seen.tally.failed, "tries that failed since opsbot began"),
        ("opsbot_dead_letters", seen.tally.dead, "notices given up since opsbot began"),
    ):
        family = CounterMetricFamily(name, meaning, labels=["notifier"])
        for notifier in queues:
            family.add_metric([notifier], counts[notifier])
        yield family


def _by_notifier(name: str, meaning: str, values: Mapping[str, float]) -> Family:
    family = GaugeMetricFamily(name, meaning, labels=["notifier"])
    for notifier, value in values.items():
        family.add_metric([notifier], value)
    return family


def _own(seen: Snapshot) -> Iterator[Family]:
    own = seen.own
    for name, meaning, value in (
        ("opsbot_event_loop_lag_seconds", "how late the event loop was at most within a minute", own.lag),
        ("opsbot_loops_late", "loops of opsbot's own that have not come round in time", own.late),
        ("opsbot_inputs_waiting", "samples, wishes and results that are not decided yet", own.queued),
        ("opsbot_store_degraded", "1 while opsbot's state cannot be written to its file", own.degraded),
        ("opsbot_cut_off", "1 while opsbot itself is cut off from the network", own.cut_off),
    ):
        yield GaugeMetricFamily(name, meaning, value=float(value))
    build = GaugeMetricFamily("opsbot_build_info", "which opsbot this is", labels=["version", "python"])
    build.add_metric([__version__, platform.python_version()], 1.0)
    yield build
