"""One notifier's part of the outbox: what waits for it and in which order, how fast it may be used, and
whether it works.

An outage of the place and a message that the place cannot take look alike for a while. So a trouble that
is surely the place's (`DeliveryError.place`, or a wish to wait) makes everything wait and is tried with the
oldest incident, so that order is kept; any other makes its own incident wait longer than the rest, so that
no single one can stand in the way.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from itertools import count
from math import inf, isfinite
from typing import Any

from opsbot.domain.incident import Incident
from opsbot.domain.levels import IncidentState, Priority
from opsbot.domain.notice import Notice, NoticeKind
from opsbot.engine.waiting import Waiting
from opsbot.errors import DeliveryError
from opsbot.runtime.pace import Pace

BACKOFF_FIRST = 1.0
BACKOFF_MAX = 60.0
"""Seconds between two tries: doubling from the first to the maximum. An hour of outage is some 65 requests,
of Discord's 10,000 invalid ones within 10 minutes
(https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans)."""

REFUSED_FIRST = 60.0
REFUSED_MAX = 3600.0
"""Likewise of a place that refuses everything until a person changes something."""

JITTER = 0.2
"""Part of a wait that is random, so that many opsbots do not come back in step."""

SHORTEST = 0.1
"""Seconds that even a receiver who wishes for less is left alone."""

EDIT_EVERY = 5.0
"""Seconds between two edits at one notifier that show mere counters; changes of state never wait for it."""

VOID = 64
"""Entries of each queue that may be void, besides as many as are valid, before they are cleared away."""


@dataclass(frozen=True, slots=True)
class Manners:
    """How a notifier may be used. `per_minute`: messages, 0 is no limit; `repeat_after`: seconds before
    people are pinged again about what they know."""

    per_minute: float = 40.0
    repeat_after: float = 0.0


@dataclass(slots=True)
class Gate:
    """Whether a notifier works. `since`: of the first failure in a row; `hit`: the incidents it met."""

    failures: int = 0
    not_before: float = 0.0
    since: float | None = None
    reported: bool = False
    gone: str = ""
    hit: set[int] = field(default_factory=set)

    def opens(self) -> None:
        """It works."""
        self.failures, self.not_before, self.since, self.reported = 0, 0.0, None, False
        self.hit.clear()

    def fails(self, incident: int, delay: float, now: float) -> None:
        """It did not; it is left alone for so long."""
        self.failures += 1
        self.not_before = now + delay
        self.since = now if self.since is None else self.since
        self.hit.add(incident)


@dataclass(slots=True)
class Lane:
    """How the deliveries of one incident stand. `told`: its standing when it was last told; `pinged`: when
    people were last pinged about it; `forgiven`: its failures were once taken for the place's."""

    attempts: int = 0
    not_before: float = 0.0
    told: tuple[IncidentState, Priority, str] | None = None
    pinged: float = -inf
    forgiven: bool = False


class Desk:
    """Chooses what is delivered next. Alarms first, then ends, changes of state, counters; of a kind the
    oldest first, but for those that have failed more often. An alarm is what is loud and not over yet."""

    def __init__(
        self, name: str, waiting: Waiting, incidents: Mapping[int, Incident], manners: Manners
    ) -> None:
        self.name = name
        self.gate = Gate()
        self.lanes: dict[int, Lane] = {}
        self.pace = Pace(manners.per_minute)
        self._repeat_after = manners.repeat_after
        self._waiting = waiting
        self._incidents = incidents
        self._edited = -inf
        self._stamp = count()
        self._stamps: dict[int, int] = {}  # of the one valid entry of each incident
        self._later: list[tuple[float, int, int]] = []  # due, incident, stamp
        self._ready: list[_Entry] = []
        self._counters: list[tuple[int, int, int]] = []  # first row, incident, stamp
        for incident in waiting.incidents(name):
            self._put(incident)

    def next(self, now: float) -> tuple[float, int | None]:
        """The incident that is told next and from when on; (inf, None) when nothing waits."""
        self._look(now)
        alarms = max(self.gate.not_before, self.pace.free_at(now, alarm=True))
        others = max(self.gate.not_before, self.pace.free_at(now, alarm=False))
        at, found = inf, _top(self._ready, self._stamps)
        if found is not None:
            at = alarms if _alarms(self._ready[0]) else others
        elif (found := _top(self._counters, self._stamps)) is not None:
            at = max(others, self._edited + EDIT_EVERY)
        later = max(alarms, self._later[0][0]) if self._later else inf  # it may be an alarm
        return (at, found) if at <= later else (later, self._later[0][1])

    def rows(self, incident: int) -> list[Notice]:
        """What is to be told of it."""
        return self._waiting.of(self.name, incident)

    def rows_now(self, incident: int, now: float) -> list[Notice]:
        """What of it is told together now: all but a ping that would come too soon after the last one."""
        rows = self.rows(incident)
        return [row for row in rows if self._held(row) <= now] or rows

    def is_busy(self, incident: int, now: float, told: Container[int] = ()) -> bool:
        """Whether more than counters of another incident is to be told now, or an alarm of this one beside
        the rows that are being `told`."""
        self._look(now)
        ready = (entry for entry in self._ready if not self._stale(entry))
        return any(entry[-2] != incident for entry in ready) or any(
            row.kind.loud and row.id not in told for row in self.rows_now(incident, now)
        )

    def lane(self, incident: int) -> Lane:
        """How its deliveries stand."""
        return self.lanes.setdefault(incident, Lane())

    def goes(self, rows: list[Notice], *, again: bool, now: float) -> None:
        """A delivery begins. Of an incident that stands somewhere already, a new message also changes the
        old one, and an end is an edit and an answer."""
        cost = 2 if again and strongest(rows) is not NoticeKind.CHANGED else 1
        self.pace.spend(now, cost, alarm=self._loudness(rows) >= _LOUD)

    def arrived(self, incident: Incident, rows: list[Notice], now: float) -> None:
        """It was delivered."""
        lane = self.lane(incident.id)
        if strongest(rows) is NoticeKind.CHANGED and lane.told == standing(incident):
            self._edited = now
        lane.told, lane.attempts, lane.not_before, lane.forgiven = standing(incident), 0, 0.0, False
        if any(row.kind.loud for row in rows):
            lane.pinged = now
        hit = set(self.gate.hit)
        self.gate.opens()
        if len(hit) > 1:  # it was the place, not they; who fails once more fails by itself
            self._forgive({number for number in hit if not self.lane(number).forgiven})

    def failed(self, incident: int, error: DeliveryError, now: float, jitter: Callable[[], float]) -> float:
        """It was not. Returns after how many seconds the notifier is tried again."""
        lane = self.lane(incident)
        delay = self._delay(error, jitter())
        if not error.place and error.retry_after is None:
            lane.attempts += 1
            lane.not_before = now + _doubling(BACKOFF_FIRST, BACKOFF_MAX, lane.attempts - 1)
        self.gate.fails(incident, delay, now)
        self._put(incident)
        return delay

    def forget(self, incident: int) -> None:
        """Nothing more is to be expected of it."""
        self.lanes.pop(incident, None)
        self._stamps.pop(incident, None)
        self.gate.hit.discard(incident)

    def works_again(self) -> None:
        """Somebody knows that it does: nothing waits for its backoff any longer."""
        self.gate.not_before, self.gate.failures = 0.0, 0
        self._forgive(set(self.lanes))

    def _forgive(self, incidents: set[int]) -> None:
        for number in incidents:
            lane = self.lane(number)
            lane.attempts, lane.not_before, lane.forgiven = 0, 0.0, True
            self._put(number)

    def _delay(self, error: DeliveryError, random: float) -> float:
        wish = error.retry_after
        if wish is not None and isfinite(wish):
            return max(SHORTEST, wish)
        first, most = (BACKOFF_FIRST, BACKOFF_MAX)
        if error.place and error.permanent:
            first, most = REFUSED_FIRST, REFUSED_MAX
        return _doubling(first, most, self.gate.failures) * (1.0 + JITTER * random)

    def _put(self, incident: int) -> None:
        """Enters it where it belongs; what was entered before is void."""
        rows = self.rows(incident)
        self._stamps.pop(incident, None)
        if rows:
            stamp = self._stamps[incident] = next(self._stamp)
            self._enter(self._later, (self._due(incident, rows), incident, stamp))

    def _enter(self, queue: list[Any], entry: tuple[Any, ...]) -> None:
        """What is void is not only at the top: an incident that changes all the time would fill memory."""
        heappush(queue, entry)
        if len(queue) > 2 * len(self._stamps) + VOID:
            queue[:] = [kept for kept in queue if not self._stale(kept)]
            heapify(queue)

    def _due(self, incident: int, rows: list[Notice]) -> float:
        lane = self.lanes.get(incident, _NO_LANE)
        return max(lane.not_before, min(max(row.due.mono, self._held(row)) for row in rows))

    def _held(self, row: Notice) -> float:
        """Until when people are not pinged again about what they know."""
        lane, known = self.lanes.get(row.incident, _NO_LANE), self._incidents.get(row.incident)
        if row.kind is not NoticeKind.ESCALATED or lane.told is None or known is None or not known.live:
            return -inf
        return lane.pinged + self._repeat_after if lane.told[1] is known.priority else -inf

    def _loudness(self, rows: list[Notice]) -> int:
        """How loud they are told together: what is over by now alarms nobody any more."""
        known, kind = self._incidents.get(rows[0].incident), strongest(rows)
        return kind.loudness if known is not None and known.live else min(kind.loudness, _LOUD - 1)

    def _look(self, now: float) -> None:
        """Takes in what has come, and moves what is due to where its loudness counts."""
        for incident in self._waiting.taken(self.name):
            self._put(incident)
        self._ripen(now)

    def _ripen(self, now: float) -> None:
        while self._later and (self._later[0][0] <= now or self._stale(self._later[0])):
            _, incident, stamp = heappop(self._later)
            rows = self.rows_now(incident, now)
            if self._stamps.get(incident) != stamp or not rows:
                continue
            kind, first = strongest(rows), rows[0].id
            if kind is NoticeKind.CHANGED and self._only_counts(incident):
                self._enter(self._counters, (first, incident, stamp))
            else:
                tries = self.lanes.get(incident, _NO_LANE).attempts
                self._enter(self._ready, (-self._loudness(rows), tries, first, incident, stamp))

    def _stale(self, entry: tuple[Any, ...]) -> bool:
        incident, stamp = entry[-2:]
        return bool(self._stamps.get(incident) != stamp)

    def _only_counts(self, incident: int) -> bool:
        lane, known = self.lanes.get(incident), self._incidents.get(incident)
        return lane is not None and known is not None and lane.told == standing(known)


_NO_LANE = Lane()
_LOUD = min(kind.loudness for kind in NoticeKind if kind.loud)
_Entry = tuple[int, int, int, int, int]
"""Of what is due: its quietness, tries, first row, incident, stamp."""


def _alarms(entry: _Entry) -> bool:
    return -entry[0] >= _LOUD


def _top(heap: list[Any], stamps: Mapping[int, int]) -> int | None:
    """The first incident of a heap that was not entered anew since."""
    while heap:
        incident, stamp = heap[0][-2:]
        if stamps.get(incident) == stamp:
            return int(incident)
        heappop(heap)
    return None


def _doubling(first: float, most: float, times: int) -> float:
    return min(most, first * 2.0 ** min(times, 32))


def standing(incident: Incident) -> tuple[IncidentState, Priority, str]:
    """What people wait for to change: its state, its urgency, what is being done."""
    return incident.state, incident.priority, incident.doing


def strongest(notices: list[Notice]) -> NoticeKind:
    """The loudest kind among notices of one incident."""
    return max((n.kind for n in notices), key=lambda kind: kind.loudness)
