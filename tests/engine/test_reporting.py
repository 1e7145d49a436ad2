"""The figures of a report, against sums by hand and against what must always hold."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsbot.domain.actor import AUTO, Actor, ActorKind
from opsbot.domain.audit import AuditEntry
from opsbot.domain.incident import Affected, AlertLine, Incident, Opening
from opsbot.domain.levels import IncidentState, Priority, Severity
from opsbot.domain.moment import Moment
from opsbot.domain.report import Figures
from opsbot.domain.series import Bucket, Series
from opsbot.engine.reporting import Watched, figures

HOUR = 3600.0
DAY = 24 * HOUR
BEGIN = 20_000 * DAY
OLGA = Actor(ActorKind.DISCORD, "1", "Olga")


def at(seconds: float) -> Moment:
    return Moment(1e6 + seconds, BEGIN + seconds)


def incident(
    number: int,
    opened: float,
    ended: float | None = None,
    priority: Priority = Priority.P1,
    **changed: object,
) -> Incident:
    made = Incident(
        number,
        "bot",
        "it is down",
        IncidentState.OPEN if ended is None else IncidentState.RESOLVED,
        priority,
        Severity.CRITICAL,
        at(opened),
        alerts=(AlertLine("down", Severity.CRITICAL, priority, False, at(opened), "it is down"),),
        resolved_at=None if ended is None else at(ended),
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def looks(*up: float | None, step: float = HOUR, metric: str = "process_up") -> Watched:
    """One bucket a step; None where nobody looked."""
    buckets = tuple(
        Bucket(BEGIN + n * step, low=min(part, 1), high=1, mean=part, last=part, count=60)
        for n, part in enumerate(up)
        if part is not None
    )
    return Watched("bot", "The bot", Series("bot", metric, step, buckets))


def restart(seconds: float, outcome: str = "allowed", actor: Actor = AUTO) -> AuditEntry:
    return AuditEntry(at(seconds), actor, "restart", "bot", outcome)


def day(target: Watched, *incidents: Incident, acts: tuple[AuditEntry, ...] = ()) -> Figures:
    return figures(BEGIN, BEGIN + DAY, HOUR, [target], incidents, acts)


def test_down_is_the_time_in_which_the_process_did_not_run() -> None:
    (uptime,) = day(looks(1, 0.5, 0, *[1] * 21)).uptimes
    assert (uptime.watched, uptime.down) == (DAY, 1.5 * HOUR)
    assert uptime.part == pytest.approx(1 - 1.5 / 24)
    assert [slot.part for slot in uptime.slots][:4] == [1, 0.5, 0, 1]


def test_a_p1_incident_is_down_too_and_what_both_saw_counts_once() -> None:
    both = day(looks(1, 0.5, *[1] * 22), incident(1, HOUR, 2 * HOUR)).uptimes[0]
    assert both.down == HOUR
    milder = day(looks(*[1] * 24), incident(1, HOUR, 2 * HOUR, Priority.P2)).uptimes[0]
    assert milder.down == 0


def test_what_nobody_saw_counts_neither_way() -> None:
    (uptime,) = day(looks(1, None, None, 0), incident(1, HOUR, 1.5 * HOUR)).uptimes
    assert (uptime.watched, uptime.down) == (2 * HOUR, HOUR)
    assert [slot.wall - BEGIN for slot in uptime.slots] == [0, 3 * HOUR]
    assert day(Watched("bot", "The bot")).uptimes[0].part is None


def test_where_no_process_is_looked_at_its_p1_incidents_count() -> None:
    target = looks(*[55.0] * 24, metric="cpu_percent")
    assert day(target).uptimes[0].part == 1
    assert day(target, incident(1, 0, 6 * HOUR)).uptimes[0].down == 6 * HOUR
    assert day(looks(1, 0, metric="health_up")).uptimes[0].down == HOUR


def test_an_incident_of_another_target_counts_where_it_affects_this_one() -> None:
    other = incident(1, 0, HOUR, target="db")
    assert day(looks(*[1] * 24), other).uptimes[0].down == 0
    hit = replace(other, affected=(Affected("bot", 2),))
    assert day(looks(*[1] * 24), hit).uptimes[0].down == HOUR


def test_incidents_are_counted_where_they_opened_and_restored_where_they_ended() -> None:
    before, within, after = incident(1, -HOUR, HOUR), incident(2, HOUR, 3 * HOUR), incident(3, 23 * HOUR)
    found = day(
        looks(), before, within, after, incident(4, DAY + 1), incident(5, 2 * HOUR, 3 * HOUR, part_of=2)
    )
    assert found.incidents == 2
    assert found.restore is not None
    assert (found.restore.count, found.restore.median, found.restore.worst_of) == (2, 2 * HOUR, 2)
    assert found.open_now == (3,)
    assert sum(count for _, count in found.bars) == 2


def test_who_took_it_on_is_measured_from_when_it_last_began() -> None:
    quick = incident(1, 0, HOUR, acknowledged_by=OLGA, acknowledged_at=at(60))
    again = incident(2, 0, HOUR, acknowledged_at=at(630), begun=(at(0), at(600)))
    found = day(looks(), quick, again, incident(3, 5, 10))
    assert found.acknowledge is not None
    assert (found.acknowledge.median, found.acknowledge.worst, found.unacknowledged) == (45, 60, 1)


def test_what_came_back_was_not_down_in_between() -> None:
    """Down from 0:00 to 1:00 and from 5:00 to 7:00."""
    past = (Opening(at(0), at(HOUR), at(4)),)
    back = incident(1, 0, 7 * HOUR, past=past, begun=(at(0), at(5 * HOUR)), told=at(5 * HOUR + 60))
    found = day(looks(*[1] * 24), back)
    assert found.uptimes[0].down == 3 * HOUR
    assert found.restore is not None
    assert found.restore.median == 3 * HOUR
    assert found.told is not None
    assert (found.told.count, found.told.median) == (1, 4)


def test_restarts_are_told_apart_by_who_asked() -> None:
    acts = (restart(1), restart(2, "failed"), restart(3, actor=OLGA), restart(4, "refused"), restart(-5))
    found = day(looks(), acts=(*acts, replace(restart(6), verb="rotate_logs")))
    assert (found.automatic, found.by_people, found.failed, found.restarts) == (1, 1, 1, 2)


def test_the_noisiest_rules_come_first() -> None:
    line = incident(1, 0).alerts[0]
    noisy = replace(incident(1, 0), alerts=(replace(line, rule="cpu", times=9), line))
    found = day(looks(), noisy, incident(2, 60))
    assert [(noise.rule, noise.times) for noise in found.noisiest] == [("cpu", 9), ("down", 2)]


def test_a_quiet_day_is_quiet() -> None:
    assert day(looks(*[1] * 24)).quiet
    assert not day(looks(*[1] * 24), acts=(restart(5),)).quiet
    assert not day(looks(*[1] * 23, 0)).quiet


parts = st.one_of(st.none(), st.floats(0, 1))
moments = st.floats(-DAY, 2 * DAY)


@st.composite
def some_incidents(draw: st.DrawFn) -> list[Incident]:
    found = []
    for number in range(1, draw(st.integers(1, 5))):
        start = draw(moments)
        end = draw(st.none() | st.floats(start, start + DAY))
        found.append(incident(number, start, end, draw(st.sampled_from(list(Priority)))))
    return found


@settings(max_examples=200)
@given(st.lists(parts, max_size=24), some_incidents())
def test_the_figures_always_add_up(up: list[float | None], incidents: list[Incident]) -> None:
    target = looks(*up)
    found = day(target, *incidents)
    (uptime,) = found.uptimes
    watched = sum(part is not None for part in up) * HOUR
    assert uptime.watched == pytest.approx(watched)
    assert 0 <= uptime.down <= uptime.watched * (1 + 1e-9)
    assert all(-1e-9 <= slot.part <= 1 for slot in uptime.slots)
    assert found.incidents == sum(count for _, count in found.bars)
    assert found.incidents == sum(0 <= i.opened.wall - BEGIN < DAY for i in incidents)
    alone = day(target).uptimes[0]
    assert uptime.down >= alone.down - 1e-6, "an incident never makes it better"


@settings(max_examples=100)
@given(st.lists(parts, min_size=24, max_size=24), some_incidents(), st.integers(1, 23))
def test_two_parts_of_a_day_make_the_day(
    up: list[float | None], incidents: list[Incident], hour: int
) -> None:
    target, middle = looks(*up), BEGIN + hour * HOUR
    halves = [
        figures(since, until, HOUR, [target], incidents, [])
        for since, until in ((BEGIN, middle), (middle, BEGIN + DAY))
    ]
    whole = day(target, *incidents)
    assert sum(h.uptimes[0].down for h in halves) == pytest.approx(whole.uptimes[0].down)
    assert sum(h.uptimes[0].watched for h in halves) == pytest.approx(whole.uptimes[0].watched)
    assert sum(h.incidents for h in halves) == whole.incidents


def test_values_that_were_not_packed_yet_stand_for_the_time_between_two() -> None:
    values = tuple(
        Bucket(BEGIN + 60 * n, low=float(n != 3), high=1, mean=float(n != 3), last=1, count=1)
        for n in range(10)
    )
    (uptime,) = day(Watched("bot", "The bot", Series("bot", "process_up", 0, values))).uptimes
    assert (uptime.watched, uptime.down) == (600, 60)
