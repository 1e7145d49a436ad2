"""/healthz: whether opsbot itself works."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import AsyncExitStack

import pytest

from opsbot import __version__
from opsbot.domain.change import Change
from opsbot.runtime.history import History
from opsbot.testing.store import MemoryState
from tests.runtime.rig import NAME, OLGA, World, build
from tests.web.desk import desk


class Stuck(MemoryState):
    """A store whose next commit does not end before `go_on`."""

    stuck = False
    go_on: asyncio.Event

    async def commit(self, changes: Sequence[Change]) -> None:
        if self.stuck:
            await self.go_on.wait()
        await super().commit(changes)


async def test_while_everything_goes_round_it_is_well() -> None:
    async with desk(await build(World())) as at:
        await at.rig.clock.advance(600.0)
        found = await at.get("/healthz")
        assert found.status == 200
        assert json.loads(found.text) == {"status": "ok", "version": __version__}


async def test_a_loop_that_hangs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    goes_on = asyncio.Event()

    async def hangs(_: History) -> None:
        await goes_on.wait()

    monkeypatch.setattr(History, "flush", hangs)
    rig = await build(World())
    async with desk(rig) as at, AsyncExitStack() as stack:
        stack.callback(goes_on.set)
        await rig.clock.advance(60.0)
        found = await at.get("/healthz")
        assert found.status == 503
        (reason,) = json.loads(found.text)["reasons"]
        assert reason.startswith("history should have come round")
        assert (await at.get()).value("opsbot_loops_late") == 1.0
        goes_on.set()
        await rig.clock.advance(60.0)
        assert (await at.get("/healthz")).status == 200


async def test_a_pipeline_that_decides_nothing_is_seen() -> None:
    world = World()
    store = Stuck(world.clock, world.disk)
    store.go_on = asyncio.Event()
    async with desk(await build(world, store=store)) as at:
        await at.rig.until(lambda: world.host.running is not None and not at.rig.state.actions)
        store.stuck = True
        pausing = asyncio.create_task(at.rig.runtime.ops.pause(NAME, 600, "", OLGA))
        asking = asyncio.create_task(at.get("/healthz"))
        await at.rig.until(asking.done, 300.0)
        found = await asking
        assert found.status == 503
        assert "nothing was decided for 5 s" in json.loads(found.text)["reasons"][0]
        store.stuck = False
        store.go_on.set()
        await pausing
        assert (await at.get("/healthz")).status == 200
