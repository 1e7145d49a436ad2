"""opsbot is killed at every moment of a rotation: its successor finishes it, no byte is lost or doubled."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import pytest

from opsbot.domain.action import Action, ActionState, Rotate
from opsbot.domain.audit import AuditEntry
from opsbot.domain.rule import ActionKind
from opsbot.runtime.rotations import FIRST_LOOK, KeptLog
from opsbot.testing.rotation import FakeLog, FakeRotator
from tests.runtime.cut import Cut, CutStore
from tests.runtime.cut_rotator import CutRotator, CutSweeper
from tests.runtime.rig import NAME, OLGA, Rig, World, build, changes, running
from tests.runtime.test_rotations import MB, POLICY, SPEC

KEEP = 2
Trouble = Callable[[Rig, FakeLog], Awaitable[None]]


async def by_a_person(rig: Rig, _: FakeLog) -> None:
    """Who is not there any more to hear the answer."""
    asking = asyncio.create_task(rig.runtime.ops.rotate(NAME, "by hand", OLGA, Rotate(keep=KEEP)))
    await rig.clock.settle()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)


async def by_size(rig: Rig, log: FakeLog) -> None:
    log.write(2 * POLICY.min_bytes)
    await rig.clock.advance(FIRST_LOOK)


async def during_a_crash(rig: Rig, log: FakeLog) -> None:
    rig.world.host.end(code=1)
    await by_a_person(rig, log)


async def after_one_whose_writer_was_busy(rig: Rig, log: FakeLog) -> None:
    """What an earlier rotation set aside is still written to, until now."""
    log.finish()
    await by_a_person(rig, log)


@dataclass
class Night:
    """A world with a log that was rotated before, each time with 5 MB in it."""

    world: World
    log: FakeLog

    @property
    def everywhere(self) -> int:
        """Bytes in the log, set aside, archived, and in archives that were one too many (the oldest go)."""
        aside = sum(one.size for one in self.log.asides)
        archived = sum(one.size for one in self.log.archives)
        gone = sum(path.suffix == ".gz" for path in self.log.made) - len(self.log.archives)
        return (self.log.size or 0) + aside + archived + 5 * MB * gone


async def night(trouble: Trouble) -> Night:
    world = World()
    world.host.launch()
    log = FakeLog(world.clock, size=5 * MB, seconds=2.0)
    rotator = FakeRotator(SPEC, log)
    for _ in range(KEEP):
        aside = await rotator.set_aside(await rotator.plan())
        log.seconds = 0.0
        await rotator.compress(aside, lambda _: None)
        log.write(5 * MB)
    if trouble is after_one_whose_writer_was_busy:
        log.busy = "pid 7 has it open"
        await rotator.set_aside(await rotator.plan())
        log.write(5 * MB)
    log.seconds = 2.0
    return Night(world, log)


async def until_cut(here: Night, trouble: Trouble, at: int) -> Cut:
    cut = Cut(at)
    supervisor, store = CutSweeper(here.world, cut), CutStore(here.world, cut)
    kept = KeptLog(POLICY, CutRotator(SPEC, here.log, cut))
    async with running(await build(here.world, store=store, supervisor=supervisor, rotation=kept)) as rig:
        await rig.clock.advance(2.05)
        cut.armed = True
        await trouble(rig, here.log)
        for _ in range(100):
            if cut.happened.is_set():
                break
            await rig.clock.advance(0.1)
    return cut


def rotations(rig: Rig) -> list[Action]:
    found = {c.id: c for c in changes(rig) if isinstance(c, Action) and c.kind is ActionKind.ROTATE_LOGS}
    return list(found.values())


def resumed(rig: Rig) -> int:
    """How often the audit says that a rotation was taken up again."""
    entries = [c for c in changes(rig) if isinstance(c, AuditEntry)]
    return sum((entry.verb, entry.outcome) == ("rotate_logs", "resumed") for entry in entries)


async def successor(here: Night) -> None:
    """The next opsbot, when nothing happens any more."""
    policy = replace(POLICY, interval=60.0)
    rig = await build(here.world, rotation=KeptLog(policy, FakeRotator(SPEC, here.log)))
    begun = [action for action in rig.state.actions.values() if action.kind is ActionKind.ROTATE_LOGS]
    live, everywhere, known = here.log.size or 0, here.everywhere, resumed(rig)
    async with running(rig):
        await rig.clock.advance(100.0)
        assert rig.state.actions == {}, "an action did not end"
        assert here.log.asides == [], "something was set aside and not archived"
        assert here.everywhere == everywhere
        assert resumed(rig) - known == len(begun)
        if begun:
            assert {rotation.state for rotation in rotations(rig)} == {ActionState.DONE}
        if live < policy.min_bytes:
            assert here.log.size == live, "more was set aside"
        told = len(here.world.disk.log)
        await rig.clock.advance(70.0)
        assert len(here.world.disk.log) == told, "it is not over"


@pytest.mark.parametrize("trouble", [by_a_person, by_size, during_a_crash, after_one_whose_writer_was_busy])
async def test_killed_at_any_moment_of_a_rotation_nothing_is_lost_or_doubled(trouble: Trouble) -> None:
    at, names = 1, set[str]()
    while True:
        here = await night(trouble)
        written = here.everywhere + 2 * POLICY.min_bytes * (trouble is by_size)
        cut = await until_cut(here, trouble, at)
        if not cut.happened.is_set():
            break
        names.add(cut.names[-1].split(" of ")[0])
        try:
            assert here.everywhere == written
            await successor(here)
        except AssertionError as error:
            raise AssertionError(f"killed at moment {at}, {cut.names[-1]}: {error}") from error
        at += 1
    steps = {"size", "plan", "set_aside", "asides", "compress", "prune", "commit"}
    assert {f"{when} {step}" for step in steps for when in ("before", "after")} <= names


async def moment(name: str) -> int:
    """The number of the first such moment of a rotation by a person."""
    whole = await until_cut(await night(by_a_person), by_a_person, at=1000)
    return whole.names.index(name) + 1


async def test_killed_while_it_compresses_again_and_again_it_still_ends() -> None:
    here = await night(by_a_person)
    written = here.everywhere
    for at in (await moment("before compress"), 6, 3, 5):
        await until_cut(here, by_a_person, at)
        assert here.everywhere == written
    await successor(here)


async def test_what_is_still_written_to_when_it_is_taken_up_is_named_and_finished_later() -> None:
    here = await night(by_a_person)
    await until_cut(here, by_a_person, await moment("before compress"))
    (aside,) = here.log.asides
    here.log.asides = [replace(aside, busy="pid 7 has it open")]
    policy = replace(POLICY, interval=60.0)
    async with running(await build(here.world, rotation=KeptLog(policy, FakeRotator(SPEC, here.log)))) as rig:
        await rig.until(lambda: not rig.state.actions)
        ended = rotations(rig)[-1].detail
        assert ended.startswith(f"{aside.path.name} is finished later: pid 7 has it open")
        here.log.finish()
        await rig.clock.advance(100.0)
    assert here.log.asides == []
