"""The figures of a report.

A target is down while its process does not run (`process_up`; without such a check: while its HTTP check gets
no good answer), or while a P1 incident of its own, or one that it is affected by, is open: the guide's P1 is
"completely down", "cannot connect", "no response". Where neither is looked at, its P1 incidents alone count.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from opsbot.domain.actor import ActorKind
from opsbot.domain.audit import AuditEntry
from opsbot.domain.incident import Incident
from opsbot.domain.lasting import between, in_all, spans, told_after
from opsbot.domain.levels import Priority
from opsbot.domain.metrics import spacing
from opsbot.domain.report import Figures, Noise, Slot, Spread, Uptime
from opsbot.domain.rule import ActionKind
from opsbot.domain.series import Series

UP_END = "_up"
"""What the names of metrics end in that are 1 while something is up: `process_up`, `health_up`."""

NOISIEST = 5
"""Rules that are named."""

_LONGEST_LOOK = 300.0
"""Seconds that a single value stands for at most."""

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Watched:
    """A target as it was looked at. `looks`: of a metric that is 1 while it is up (`…_up`), or of any other,
    which then only says when it was looked at; None when it has none."""

    name: str
    title: str
    looks: Series | None = None


def figures(
    since: float,
    until: float,
    slot: float,
    targets: Iterable[Watched],
    incidents: Sequence[Incident],
    acts: Sequence[AuditEntry],
) -> Figures:
    """`slot`: seconds of a bar. `incidents`: those that were open in the time; `acts`: those of it; what is
    not of it is passed over."""
    whole = [i for i in incidents if not i.part_of]
    opened = [i for i in whole if since <= i.opened.wall < until]
    ended = [i for i in whole if i.resolved_at is not None and since <= i.resolved_at.wall < until]
    restarts = [a for a in acts if a.verb == ActionKind.RESTART.value and since <= a.at.wall < until]
    begun = [a for a in restarts if a.outcome == "allowed"]
    automatic = sum(act.actor.kind is ActorKind.AUTO for act in begun)
    taken = [(_to_acknowledge(i), i.id) for i in opened if i.acknowledged_at is not None]
    return Figures(
        since=since,
        until=until,
        uptimes=tuple(_uptime(one, since, until, slot, whole) for one in targets),
        opened=tuple((p, sum(i.priority is p for i in opened)) for p in Priority),
        acknowledge=_spread(taken),
        unacknowledged=len(opened) - len(taken),
        told=_spread(_told(opened)),
        restore=_spread([(in_all(i) or 0.0, i.id) for i in ended]),
        open_now=tuple(i.id for i in whole if any(s < until <= e for s, e in spans(i, until))),
        automatic=automatic,
        by_people=len(begun) - automatic,
        failed=sum(act.outcome == "failed" for act in restarts),
        noisiest=_noisiest(opened),
        bars=_bars(opened, since, until, slot),
    )


def _to_acknowledge(incident: Incident) -> float:
    """From when it last began: one that came back was taken on anew."""
    return between(incident.began, incident.acknowledged_at or incident.began)


def _told(opened: Iterable[Incident]) -> list[tuple[float, int]]:
    """Of those of which a message is known to have reached people, when the first did after the alert."""
    found = [(told_after(incident.openings[0]), incident.id) for incident in opened]
    return [(seconds, number) for seconds, number in found if seconds is not None]


def _spread(times: Sequence[tuple[float, int]]) -> Spread | None:
    if not times:
        return None
    worst, number = max(times)
    return Spread(len(times), median(seconds for seconds, _ in times), worst, number)


def _noisiest(opened: Iterable[Incident]) -> tuple[Noise, ...]:
    counts: Counter[tuple[str, str]] = Counter()
    for incident in opened:
        for line in incident.alerts:
            counts[incident.target, line.rule] += line.times
    order = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Noise(target, rule, times) for (target, rule), times in order[:NOISIEST])


def _bars(
    opened: Iterable[Incident], since: float, until: float, slot: float
) -> tuple[tuple[float, int], ...]:
    counts = Counter(int((i.opened.wall - since) // slot) for i in opened)
    return tuple((since + n * slot, counts[n]) for n in range(_slots(since, until, slot)))


def _slots(since: float, until: float, slot: float) -> int:
    return max(0, -int(-(until - since) // slot))


# -- uptime


def _uptime(
    target: Watched, since: float, until: float, slot: float, incidents: Iterable[Incident]
) -> Uptime:
    bad = _merged(
        (max(since, start), min(until, end))
        for i in incidents
        if i.priority is Priority.P1 and _is_of(i, target.name)
        for start, end in spans(i, until)
    )
    pieces = _pieces(target.looks, since, until)
    if target.looks is None or not target.looks.metric.endswith(UP_END):
        seen = _merged([*((start, end) for start, end, _ in pieces), *(bad if pieces else ())])
        pieces = [(start, end, 0.0) for start, end in seen]
    watched, down = defaultdict[int, float](float), defaultdict[int, float](float)
    for start, end, part in pieces:
        for number, (begin, stop) in _cut(start, end, since, slot):
            length = stop - begin
            watched[number] += length
            down[number] += min(length, max(length * part, _overlap(bad, begin, stop)))
    slots = [Slot(since + n * slot, 1 - down[n] / watched[n]) for n in sorted(watched) if watched[n] > 0]
    return Uptime(target.name, target.title, sum(watched.values()), sum(down.values()), tuple(slots))


def _is_of(incident: Incident, target: str) -> bool:
    return incident.target == target or any(one.target == target for one in incident.affected)


def _pieces(looks: Series | None, since: float, until: float) -> list[tuple[float, float, float]]:
    """Spans in which was looked, none over another, with the share of each in which it was down."""
    if looks is None or not looks.buckets:
        return []
    step = looks.step or min(_LONGEST_LOOK, spacing(looks))
    found, at = [], since
    for bucket in looks.buckets:
        start, end = max(at, bucket.wall), min(until, bucket.wall + step)
        if end > start:
            found.append((start, end, min(1.0, max(0.0, 1.0 - bucket.mean))))
            at = end
    return found


def _cut(start: float, end: float, since: float, slot: float) -> Iterable[tuple[int, Span]]:
    """A span, cut where slots end."""
    number = int((start - since) // slot)
    while start < end:
        stop = min(end, since + (number + 1) * slot)
        if stop > start:
            yield number, (start, stop)
            start = stop
        number += 1


def _merged(spans: Iterable[Span]) -> list[Span]:
    """The same time, without overlaps, in order."""
    found: list[Span] = []
    for start, end in sorted(span for span in spans if span[1] > span[0]):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


def _overlap(spans: Iterable[Span], start: float, end: float) -> float:
    return sum(max(0.0, min(end, stop) - max(start, begin)) for begin, stop in spans)
