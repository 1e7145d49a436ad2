"""A heartbeat that does not come is an incident, in virtual time, also when opsbot was started anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from opsbot.checks.base import CheckContext
from opsbot.checks.heartbeat import build
from opsbot.config.load import settings
from opsbot.config.yaml_loader import load_text
from opsbot.domain.heartbeat import Signal
from opsbot.domain.levels import Priority
from opsbot.domain.notice import Audience
from opsbot.engine.state import State
from opsbot.logs.files import FileLogFeeds
from opsbot.runtime import beat_file
from opsbot.runtime.beats import Answer, Beats, digest
from opsbot.runtime.core import Runtime
from opsbot.runtime.parts import Parts
from opsbot.runtime.restore import restore
from opsbot.testing.clock import VirtualClock
from opsbot.testing.metrics import MemoryMetrics
from opsbot.testing.notifier import RecordingNotifier
from opsbot.testing.store import MemoryDisk, MemoryState
from tests.bound import BOUND

SECRET = "a-secret-of-the-backup"
TEXT = """
targets:
  jobs: {checks: {backup: {type: heartbeat, secret: "${BACKUP}", every: 20m, grace: 5m}}}
web: {}
"""
MINUTE = 60.0
RULE = ("jobs", "backup_missing")


@dataclass
class World:
    """What outlives opsbot."""

    folder: Path
    clock: VirtualClock
    disk: MemoryDisk
    ops: RecordingNotifier


@dataclass
class Opsbot:
    """One that runs."""

    world: World
    state: State
    beats: Beats

    def fires(self) -> bool:
        """Whether the absence is an alert now."""
        alert = self.state.alerts.get(RULE)
        return alert is not None and alert.firing

    async def passes(self, seconds: float) -> None:
        """Time goes by, and whatever is written meanwhile is."""
        await self.world.clock.advance(seconds)
        async with asyncio.timeout(BOUND):
            while not self.beats.saved:
                await self.world.clock.advance(0.1)
                await asyncio.sleep(0.001)  # a thread writes it


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, VirtualClock(), MemoryDisk(), RecordingNotifier("ops"))


@asynccontextmanager
async def opsbot(world: World) -> AsyncIterator[Opsbot]:
    (target,) = settings(load_text(TEXT, "opsbot.yml"), None, {"BACKUP": SECRET}).targets
    (spec,) = target.checks
    store, clock = MemoryState(world.clock, world.disk), world.clock
    state = State.of([target], {"ops": Audience()})
    restore(state, await store.load())
    beats = Beats(world.folder / beat_file.NAME, clock)
    beats.load()
    parts = Parts(
        state=state,
        store=store,
        metrics=MemoryMetrics(),
        clock=clock,
        subjects={},
        notifiers={"ops": world.ops},
        sections={("jobs", "backup"): "Heartbeats"},
        beats=beats,
    )
    runtime = Runtime(parts)
    beats.follow({digest(SECRET): lambda: runtime.scheduler.wake("jobs", "backup")})
    context = CheckContext("jobs", clock, lambda: None, FileLogFeeds(clock), heard=beats)
    runtime.add_check("jobs", spec, build(spec.options, context))
    working = asyncio.create_task(runtime.run())
    await clock.settle()
    made = Opsbot(world, state, beats)
    try:
        await made.passes(1)
        yield made
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working


async def test_it_is_an_incident_after_its_grace_and_over_with_the_next_one(world: World) -> None:
    async with opsbot(world) as at:
        assert at.beats.signal(SECRET, Signal.ALIVE) is Answer.HEARD
        await at.passes(25 * MINUTE - 30)
        assert not at.fires()
        await at.passes(60)
        assert at.fires()
        (incident,) = at.state.incidents.values()
        assert incident.priority is Priority.P2
        assert "no heartbeat for 25 min" in incident.title  # and some seconds, as the looks fall
        assert "expected each 20 min" in incident.title
        at.beats.signal(SECRET, Signal.ALIVE)
        await at.passes(10)
        assert not at.fires()


async def test_one_that_never_came_is_missed_too(world: World) -> None:
    async with opsbot(world) as at:
        await at.passes(25 * MINUTE - 30)
        assert not at.fires()
        await at.passes(60)
        assert at.fires()


async def test_a_start_of_opsbot_begins_no_new_period(world: World) -> None:
    async with opsbot(world) as at:
        at.beats.signal(SECRET, Signal.ALIVE)
        await at.passes(10 * MINUTE)
    async with opsbot(world) as at:
        await at.passes(15 * MINUTE - 60)
        assert not at.fires()
        await at.passes(90)
        assert at.fires()
    async with opsbot(world) as at:
        await at.passes(60)
        assert at.fires()  # it was missing before


async def test_what_came_while_opsbot_did_not_run_is_waited_for_once_more(world: World) -> None:
    async with opsbot(world) as at:
        at.beats.signal(SECRET, Signal.ALIVE)
        await at.passes(15 * MINUTE)
    await world.clock.advance(10 * MINUTE)
    async with opsbot(world) as at:
        await at.passes(24 * MINUTE)
        assert not at.fires()
        await at.passes(2 * MINUTE)
        assert at.fires()


async def test_a_failure_is_one_at_once_and_outlives_a_start(world: World) -> None:
    async with opsbot(world) as at:
        at.beats.signal(SECRET, Signal.ALIVE)
        await at.passes(MINUTE)
        at.beats.signal(SECRET, Signal.FAIL, "disk full")
        await at.passes(10)
        assert at.fires()
    async with opsbot(world) as at:
        await at.passes(60)
        assert at.fires()
        assert "disk full" in at.state.alerts[RULE].text
        at.beats.signal(SECRET, Signal.ALIVE)
        await at.passes(10)
        assert not at.fires()
