"""What is exposed, as it was at one moment: taken on the event loop, in one go; said in a thread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from opsbot.domain.alert import Alert
from opsbot.domain.levels import IncidentState, Priority
from opsbot.domain.moment import Moment
from opsbot.domain.sample import Sample
from opsbot.domain.target import Target
from opsbot.engine.alerts import pending
from opsbot.engine.state import Known, State
from opsbot.runtime.core import Runtime
from opsbot.runtime.tally import Tally


@dataclass(frozen=True, slots=True)
class TargetSeen:
    """One target. `samples`: the newest of each check that was heard of late; `looked`: when each check
    looked last; `pending`: names of rules."""

    target: Target
    samples: Mapping[str, Sample]
    looked: Mapping[str, Moment]
    pending: frozenset[str]
    paused: bool


@dataclass(frozen=True, slots=True)
class QueueSeen:
    """What waits for one notifier: `rows`; the seconds since the oldest of those that are due was due (0
    without any); whether it is known not to deliver."""

    rows: int = 0
    oldest: float = 0.0
    stuck: bool = False


@dataclass(frozen=True, slots=True)
class OwnSeen:
    """opsbot itself. `lag`: seconds; `queued`: inputs not decided yet; `late`: loops that do not come
    round."""

    lag: float
    queued: int
    late: int
    degraded: bool
    cut_off: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All of it. `firing`: alerts by target and rule; `incidents`: live ones; `tally`: a copy."""

    targets: tuple[TargetSeen, ...]
    firing: Mapping[tuple[str, str], Alert]
    incidents: Mapping[tuple[Priority, IncidentState], int]
    queues: Mapping[str, QueueSeen]
    tally: Tally
    own: OwnSeen


def snapshot(runtime: Runtime, now: Moment) -> Snapshot:
    """Takes it."""
    state, tally = runtime.pipeline.state, runtime.tally
    return Snapshot(
        targets=tuple(_target(state, known, now) for known in state.known.values()),
        firing={key: alert for key, alert in state.alerts.items() if alert.firing},
        incidents=Counter((i.priority, i.state) for i in state.live_incidents()),
        queues=_queues(state, now),
        tally=Tally(
            tally.newest,
            tally.restarts.copy(),
            tally.opened.copy(),
            tally.delivered.copy(),
            tally.failed.copy(),
            tally.dead.copy(),
        ),
        own=OwnSeen(
            lag=runtime.heart.lag,
            queued=runtime.pipeline.queued,
            late=len(runtime.pulse.late(now.mono)),
            degraded=runtime.degraded,
            cut_off=state.reach.cut_off is not None,
        ),
    )


def _target(state: State, known: Known, now: Moment) -> TargetSeen:
    target, view = known.target, known.view
    heard = {spec.name: view.sample(spec.name, now) for spec in target.checks}
    return TargetSeen(
        target,
        {name: sample for name, sample in heard.items() if sample is not None},
        {name: sample.at for name, sample in view.newest.items()},
        _pending(state, known),
        target.name in state.pauses,
    )


def _pending(state: State, known: Known) -> frozenset[str]:
    name = known.target.name
    true = {rule for rule, progress in known.progress.items() if any(progress.recent)}
    return frozenset(
        rule.name
        for rule in known.target.rules
        if rule.name in true
        and pending(name, rule, state.alerts.get((name, rule.name)), known.progress[rule.name])
    )


def _queues(state: State, now: Moment) -> dict[str, QueueSeen]:
    rows, oldest = Counter[str](), dict[str, float]()
    for notice in state.notices.values():
        rows[notice.notifier] += 1
        oldest[notice.notifier] = max(oldest.get(notice.notifier, 0.0), now.since(notice.due))
    return {
        name: QueueSeen(rows[name], oldest.get(name, 0.0), name in state.stuck) for name in state.notifiers
    }
