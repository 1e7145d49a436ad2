"""What happens when opsbot's own state file fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from opsbot.domain.action import RestartMark
from opsbot.domain.incident import Incident
from opsbot.domain.levels import IncidentState
from opsbot.domain.moment import Moment
from opsbot.domain.notice import Audience
from opsbot.domain.rule import RestartPolicy
from opsbot.engine.inputs import PauseAsked
from opsbot.engine.own import OWN
from opsbot.engine.restarts import Answer, Situation, automatic
from opsbot.engine.state import State
from opsbot.errors import StoreUnavailable
from opsbot.runtime.caretaker import LOOK_EVERY, Caretaker
from opsbot.runtime.pipeline import Pipeline
from opsbot.stores.base import Batch
from opsbot.stores.resilient import ResilientState
from opsbot.testing import VirtualClock
from opsbot.testing.store import MemoryState
from tests.engine.drive import OLGA, target


class Cared:
    """A pipeline over a state store that can fail, and the one who looks after it."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.file = MemoryState(self.clock)
        self.store = ResilientState(self.file, None, self.clock)
        self.state = State.of([target()], {"ops": Audience()})
        self.pipeline = Pipeline(self.state, self.store, self.clock)
        self.caretaker = Caretaker(self.state, self.store, self.clock, self.pipeline.post, keep=86_400.0)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        tasks = [asyncio.ensure_future(part.run()) for part in (self.pipeline, self.caretaker)]
        try:
            await self.clock.advance(0.1)
            yield
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    def own(self) -> list[Incident]:
        return [i for i in self.state.incidents.values() if i.target == OWN]


async def test_a_state_that_cannot_be_written_is_an_incident_until_it_can_again() -> None:
    cared = Cared()
    async with cared.running():
        cared.file.failure = StoreUnavailable("the disk is full")
        await cared.store.commit([RestartMark("summarybot", cared.clock.now(), True)])
        await cared.clock.advance(LOOK_EVERY)
        assert "the disk is full" in cared.own()[0].title
        assert cared.state.degraded_since is not None
        cared.file.failure = None
        await cared.clock.advance(2 * LOOK_EVERY)
        assert [i.state for i in cared.own()] == [IncidentState.RESOLVED]
        assert cared.state.degraded_since is None


async def test_what_was_decided_meanwhile_is_in_the_file_afterwards() -> None:
    cared = Cared()
    async with cared.running():
        cared.file.failure = StoreUnavailable("the disk is full")
        mark = RestartMark("summarybot", cared.clock.now(), True)
        await cared.store.commit([mark])
        cared.file.failure = None
        await cared.clock.advance(2 * LOOK_EVERY)
        assert mark in (await cared.file.load()).restarts


async def test_a_damaged_file_is_told_once_with_its_new_name() -> None:
    cared = Cared()
    cared.file.quarantined = Path("state.db.corrupt-20260105T150400Z")
    async with cared.running():
        await cared.clock.advance(5 * LOOK_EVERY)
        assert len(cared.own()) == 1
        assert "state.db.corrupt-20260105T150400Z" in cared.own()[0].title


async def test_what_memory_holds_is_in_the_file_that_took_a_damaged_ones_place() -> None:
    cared = Cared()
    async with cared.running():
        await cared.pipeline.ask(PauseAsked("summarybot", 3600.0, OLGA, "deploy"))
        cared.file.disk.log.clear()
        cared.file.quarantined = Path("state.db.corrupt-20260105T150400Z")
        await cared.clock.advance(2 * LOOK_EVERY)
        stored = await cared.file.load()
        assert [pause.reason for pause in stored.pauses] == ["deploy"]
        own = stored.incidents[0]
        assert [entry.text for entry in own.timeline] == [e.text for e in cared.own()[0].timeline]


async def test_a_store_that_breaks_under_its_care_does_not_end_it() -> None:
    cared = Cared()
    cared.file.failure = StoreUnavailable("locked")
    async with cared.running():
        await cared.clock.advance(7 * 3600.0)
        cared.file.failure = None
        await cared.clock.advance(7 * 3600.0)
        assert any(not isinstance(entry, Batch) for entry in cared.file.disk.log), "nothing was pruned"


async def test_a_healthy_state_is_not_mentioned() -> None:
    cared = Cared()
    async with cared.running():
        await cared.clock.advance(10 * LOOK_EVERY)
        assert cared.own() == []


def test_while_the_state_cannot_be_written_a_target_is_restarted_once_and_no_more() -> None:
    since, now = Moment(100.0, 0.0), Moment(2000.0, 0.0)
    before = RestartMark("summarybot", Moment(50.0, 0.0), True)
    during = RestartMark("summarybot", Moment(200.0, 0.0), True)
    policy = RestartPolicy(max_per_hour=100)
    assert automatic(Situation(policy, True, [before], degraded_since=since), now).answer is Answer.GO
    held = automatic(Situation(policy, True, [before, during], degraded_since=since), now)
    assert held.answer is Answer.HOLD
    assert "cannot be written" in held.reason
