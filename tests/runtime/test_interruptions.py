"""opsbot is killed at every moment of a restart; its successor ends what was begun, and never doubles it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from opsbot.domain.action import Action, ActionState
from opsbot.domain.audit import AuditEntry
from opsbot.domain.rule import ActionKind
from tests.runtime.cut import Cut, CutStore, CutSupervisor
from tests.runtime.rig import NAME, OLGA, Rig, World, build, changes, running

Trouble = Callable[[Rig], Awaitable[None]]


async def crash(rig: Rig) -> None:
    rig.world.host.end(code=1)


async def hang(rig: Rig) -> None:
    assert rig.world.host.running is not None
    rig.world.sick = rig.world.host.running.process


async def restart_of_one_that_ignores_the_stop(rig: Rig) -> None:
    rig.world.host.stubborn = True
    await restart_of_a_healthy_target(rig)


async def restart_of_a_healthy_target(rig: Rig) -> None:
    """Asks as a person does who is not there any more to hear the answer."""
    asking = asyncio.create_task(rig.runtime.ops.act(NAME, ActionKind.RESTART, "deploy", OLGA))
    await rig.clock.settle()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)


async def until_cut(world: World, trouble: Trouble, at: int) -> Cut:
    """One opsbot, from the trouble to its end at moment `at` (or a minute after, when it has none)."""
    cut = Cut(at)
    supervisor, store = CutSupervisor(world, cut), CutStore(world, cut)
    async with running(await build(world, store=store, supervisor=supervisor, ports=(5000,))) as rig:
        await rig.clock.advance(2.05)
        cut.armed = True
        await trouble(rig)
        for _ in range(300):
            if cut.happened.is_set():
                break
            await rig.clock.advance(0.1)
    return cut


async def successor(world: World) -> None:
    """The next opsbot brings everything to its end, and then nothing more happens."""
    begun = [c for c in changes(await build(world)) if isinstance(c, Action)]
    async with running(await build(world, ports=(5000,))) as rig:
        await rig.clock.advance(40.0)
        assert rig.state.actions == {}, "an action did not end"
        assert world.host.running is not None
        assert world.host.copies == 1
        assert len(set(world.host.started)) == len(world.host.started), "one wish was met twice"
        assert rig.runtime.processes.current(NAME) == world.host.running.process
        assert [i for i in rig.state.incidents.values() if i.live] == []
        starts = len(world.host.started)
        await rig.clock.advance(40.0)
        assert len(world.host.started) == starts
        if begun and all(a.state is ActionState.RUNNING for a in begun):
            assert world.host.running.generation == begun[-1].generation
            says_so(rig)


def says_so(rig: Rig) -> None:
    resumed = [c for c in changes(rig) if isinstance(c, AuditEntry) and c.outcome == "resumed"]
    assert len(resumed) == 1
    for incident in rig.state.incidents.values():
        assert any("interrupted" in entry.text for entry in incident.timeline)


@pytest.mark.parametrize(
    "trouble", [crash, hang, restart_of_a_healthy_target, restart_of_one_that_ignores_the_stop]
)
async def test_killed_at_any_moment_of_a_restart_there_is_one_target_afterwards(trouble: Trouble) -> None:
    at, names = 1, set()
    while True:
        world = World()
        world.host.launch()
        world.host.start_seconds = 0.5
        cut = await until_cut(world, trouble, at)
        if not cut.happened.is_set():
            break
        names.add(cut.names[-1].split(" of ")[0])
        try:
            await successor(world)
        except AssertionError as error:
            raise AssertionError(f"killed at moment {at}, {cut.names[-1]}: {error}") from error
        at += 1
    assert {"before start", "after start", "before commit", "after commit"} <= names
    assert {"before port_holder", "after port_holder"} <= names


async def test_killed_again_and_again_in_the_same_restart_it_still_ends() -> None:
    world = World()
    world.host.launch()
    world.host.start_seconds = 0.5
    for at in (3, 5, 2, 4):
        await until_cut(world, crash if world.host.running else nothing, at)
    world.host.stubborn = False
    async with running(await build(world)) as rig:
        await rig.clock.advance(60.0)
        assert rig.state.actions == {}
        assert world.host.running is not None
    assert world.host.copies == 1


async def nothing(_: Rig) -> None:
    """The trouble is there already."""
