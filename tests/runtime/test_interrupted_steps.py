"""opsbot is killed at every moment of a restart with all its steps, of a stop, and of a start.

Beyond `test_interruptions`: there is a log to back up, a leftover holds the port, somebody else is about to
start the target, and the start fails with the target's last lines.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from opsbot.domain.action import Wanted
from opsbot.domain.process import Holder
from opsbot.domain.rule import ActionKind
from opsbot.errors import SupervisorError
from opsbot.runtime.rotations import KeptLog
from opsbot.testing.rotation import FakeLog, FakeRotator
from tests.runtime.cut import Cut, CutStore
from tests.runtime.cut_rotator import CutRotator, CutSweeper
from tests.runtime.rig import NAME, OLGA, Rig, World, build, running
from tests.runtime.test_interruptions import says_so
from tests.runtime.test_rotations import MB, POLICY, SPEC

PORT = 5000
EVERY_COMMIT = {"before commit", "after commit"}
Trouble = Callable[[Rig], Awaitable[None]]


async def ask(rig: Rig, kind: ActionKind) -> None:
    """As a person does who is not there any more to hear the answer."""
    asking = asyncio.create_task(rig.runtime.ops.act(NAME, kind, "deploy", OLGA))
    await rig.clock.settle()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)


async def restart(rig: Rig) -> None:
    rig.world.host.holders[PORT] = Holder(1001, "python", "bot", ours=True)
    await ask(rig, ActionKind.RESTART)


async def crash(rig: Rig) -> None:
    rig.world.host.holders[PORT] = Holder(1001, "python", "bot", ours=True)
    rig.world.host.end(code=1)


async def crash_for_good(rig: Rig) -> None:
    """The next start cannot work; a person must act."""
    rig.world.host.failures = [SupervisorError("there is no such program", permanent=True)] * 9
    rig.world.host.output = ["its last word"]
    rig.world.host.end(code=1)


async def stop(rig: Rig) -> None:
    await ask(rig, ActionKind.STOP)


async def stop_of_what_somebody_else_starts(rig: Rig) -> None:
    rig.world.host.restarting = True
    rig.world.host.crash(successor=60.0)
    await rig.clock.settle()
    await ask(rig, ActionKind.STOP)


async def start(rig: Rig) -> None:
    await ask(rig, ActionKind.START)


async def stopped(rig: Rig) -> None:
    action = await rig.runtime.ops.act(NAME, ActionKind.STOP, "maintenance", OLGA)
    await rig.action_ends(action.id)


async def nothing(_: Rig) -> None:
    """It runs."""


def a_world() -> tuple[World, FakeLog]:
    world = World()
    world.host.launch()
    world.host.start_seconds = 0.5
    return world, FakeLog(world.clock, size=5 * MB)


async def until_cut(world: World, log: FakeLog, trouble: Trouble, at: int) -> Cut:
    """One opsbot, from the trouble to its end at moment `at` (or a while after, when it has none)."""
    cut = Cut(at)
    supervisor, store = CutSweeper(world, cut), CutStore(world, cut)
    kept = KeptLog(POLICY, CutRotator(SPEC, log, cut))
    async with running(
        await build(world, store=store, supervisor=supervisor, ports=(PORT,), rotation=kept)
    ) as rig:
        await rig.clock.advance(2.05)
        await BEFORE.get(trouble, nothing)(rig)
        cut.armed = True
        await trouble(rig)
        for _ in range(150):
            if cut.happened.is_set():
                break
            await rig.clock.advance(0.1)
    return cut


async def successor(world: World, log: FakeLog) -> Rig:
    """The next opsbot, when nothing happens any more."""
    kept = KeptLog(POLICY, FakeRotator(SPEC, log))
    rig = await build(world, ports=(PORT,), rotation=kept)
    begun = list(rig.state.actions)
    async with running(rig):
        await rig.clock.advance(80.0)
        assert rig.state.actions == {}, "an action did not end"
        assert world.host.copies == 1
        assert len(set(world.host.started)) == len(world.host.started), "one wish was met twice"
        starts, told = len(world.host.started), len(rig.world.disk.log)
        await rig.clock.advance(40.0)
        assert (len(world.host.started), len(rig.world.disk.log)) == (starts, told), "it is not over"
        if begun:
            says_so(rig)
    return rig


def one_runs(rig: Rig, _: FakeLog) -> None:
    host = rig.world.host
    assert host.running is not None
    assert rig.state.live(NAME) is None


def backed_up(rig: Rig, log: FakeLog) -> None:
    one_runs(rig, log)
    if rig.state.restarts:  # else nothing was durable, and the successor knows of no target that crashed
        assert log.backups, "it was started without a back-up"
        assert rig.world.host.holders == {}


def as_wanted(rig: Rig, _: FakeLog) -> None:
    """A stop whose decision was made durable holds; one that was not is none."""
    host, desired = rig.world.host, rig.state.desired.get(NAME)
    stopped = desired is not None and desired.wanted is Wanted.STOPPED
    assert (host.running is None) is stopped
    assert not (stopped and host.restarting), "somebody else starts it again"


def started(rig: Rig, log: FakeLog) -> None:
    """A start whose decision was made durable is done."""
    as_wanted(rig, log)
    if rig.world.host.running is not None:
        one_runs(rig, log)


def given_up(rig: Rig, _: FakeLog) -> None:
    live = rig.state.live(NAME)
    assert live is not None
    assert "A person must act" in live.doing
    quoted = [entry.text.count("its last word") for entry in live.timeline if "\n" in entry.text]
    assert quoted in ([1], [1, 1]), "once for each opsbot that tried"
    assert rig.world.host.started == []


BEFORE: dict[Trouble, Trouble] = {start: stopped}
"""What a trouble needs that no cut is made in."""

CASES: dict[str, tuple[Trouble, Callable[[Rig, FakeLog], None], set[str]]] = {
    "a restart by a person": (restart, backed_up, {"backup", "stop", "sweep", "port_holder", "start"}),
    "a crash": (crash, backed_up, {"backup", "sweep", "port_holder", "start"}),
    "a crash that no start mends": (crash_for_good, given_up, {"backup", "tail"}),
    "a stop": (stop, as_wanted, {"stop"}),
    "a stop of what is down": (stop_of_what_somebody_else_starts, as_wanted, {"forestall"}),
    "a start": (start, started, {"start", "port_holder"}),
}


@pytest.mark.parametrize("case", CASES)
async def test_killed_at_any_moment_of_it_everything_is_in_order_afterwards(case: str) -> None:
    trouble, in_order, steps = CASES[case]
    at, names = 1, set[str]()
    while True:
        world, log = a_world()
        cut = await until_cut(world, log, trouble, at)
        if not cut.happened.is_set():
            break
        names.add(cut.names[-1].split(" of ")[0])
        try:
            in_order(await successor(world, log), log)
        except AssertionError as error:
            raise AssertionError(f"killed at moment {at}, {cut.names[-1]}: {error}") from error
        at += 1
    wanted = {f"{when} {step}" for step in steps for when in ("before", "after")}
    assert wanted | EVERY_COMMIT <= names
