"""What every `StateStore` finds: acts by who and when, incidents by their time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from opsbot.domain.actor import Actor, ActorKind
from opsbot.domain.audit import ActFilter
from opsbot.stores.base import StateStore
from opsbot.testing import VirtualClock
from tests.stores import examples as ex

DAY = 86_400.0


async def test_the_audit_is_searched_by_person_target_and_time(
    store: StateStore, clock: VirtualClock
) -> None:
    early = ex.act(clock.now(), "pause")
    await clock.advance(3 * DAY)
    now = clock.now()
    other = replace(ex.act(now, "restart"), target="Web", actor=Actor(ActorKind.CLI, "0", "Root"))
    await store.commit([early, other, ex.act(now, "resume")])

    async def verbs(**wanted: Any) -> list[str]:
        return [act.verb for act in await store.audit(10, ActFilter(**wanted))]

    assert await verbs(who="oo") == ["restart"]
    assert await verbs(who="1001") == ["pause", "resume"]
    assert await verbs(who="100") == []
    assert await verbs(target="we") == ["restart"]
    assert await verbs(since=now.wall) == ["restart", "resume"]
    assert await verbs(who="anna", since=now.wall) == ["resume"]
    assert await store.audit(0) == []
    assert (await store.verify_audit()).rows == 3


async def test_incidents_of_a_time_are_those_that_were_open_in_it(
    store: StateStore, clock: VirtualClock
) -> None:
    first = clock.now()
    await clock.advance(DAY)
    second = clock.now()
    await clock.advance(DAY)
    third = clock.now()
    await store.commit([ex.incident(1, first, second), ex.incident(2, second, third), ex.incident(3, first)])

    async def between(since: float, until: float) -> list[int]:
        return [each.id for each in await store.incidents_between(since, until)]

    assert await between(first.wall, third.wall) == [1, 2, 3]
    assert await between(second.wall, third.wall) == [2, 3]
    assert await between(first.wall, second.wall) == [1, 3]
    assert await between(third.wall, third.wall + DAY) == [3]
    assert await between(0, first.wall) == []
