"""The dead man's switch is pinged while opsbot works, and only then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from opsbot.domain.change import Change
from opsbot.engine.inputs import Input, OwnTrouble
from opsbot.engine.own import OWN, SWITCH_RULE
from opsbot.errors import StoreUnavailable
from opsbot.runtime.core import Runtime
from opsbot.runtime.deadman import TELL_AFTER, UNWRITTEN, DeadMan, Switch
from opsbot.runtime.history import History
from opsbot.stores.base import Degraded
from opsbot.testing.clock import VirtualClock
from opsbot.testing.store import MemoryState
from tests.runtime.rig import Rig, World, build, running


@dataclass
class Place:
    """Elsewhere. `refuses`: why it takes nothing."""

    clock: VirtualClock
    refuses: str = ""
    pings: list[float] = field(default_factory=list)
    failures: list[float] = field(default_factory=list)
    name: str = "hc-ping.example"
    closed: bool = False

    async def ping(self, *, well: bool) -> str:
        (self.pings if well else self.failures).append(self.clock.now().mono)
        if self.refuses == "breaks":
            raise ValueError("https://hc-ping.example/secret")
        return self.refuses

    async def close(self) -> None:
        self.closed = True


@dataclass
class Loops:
    """The rest of opsbot."""

    clock: VirtualClock
    hinders: tuple[str, ...] = ()
    told: list[str] = field(default_factory=list)

    async def hindrances(self) -> tuple[str, ...]:
        return self.hinders

    async def post(self, given: Input) -> None:
        assert isinstance(given, OwnTrouble)
        assert given.rule == SWITCH_RULE
        self.told.append(given.text)


class Keeper(MemoryState):
    """A store that can say that it is not written."""

    state: Degraded | None = None

    @property
    def degraded(self) -> Degraded | None:
        return self.state


@asynccontextmanager
async def pinging(
    place: Place, loops: Loops, keeper: Keeper | None = None, *, fail: bool = False
) -> AsyncIterator[None]:
    switch = Switch(place, 60.0, fail)
    made = DeadMan(switch, loops.clock, loops.post, loops.hindrances, keeper)  # type: ignore[arg-type]
    working = asyncio.create_task(made.run())
    await loops.clock.settle()
    try:
        yield
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


async def test_it_is_pinged_at_once_and_then_in_its_time(clock: VirtualClock) -> None:
    place, loops = Place(clock), Loops(clock)
    async with pinging(place, loops):
        await clock.advance(300)
    assert place.pings == [1000.0, 1060.0, 1120.0, 1180.0, 1240.0, 1300.0]
    await clock.advance(300)  # nothing more once opsbot has ended
    assert len(place.pings) == 6
    assert place.failures == []


async def test_it_is_not_pinged_while_a_loop_is_stuck(clock: VirtualClock) -> None:
    place, loops = Place(clock), Loops(clock)
    async with pinging(place, loops):
        loops.hinders = ("history should have come round 1 min ago",)
        await clock.advance(600)
        assert len(place.pings) == 1
        loops.hinders = ()
        await clock.advance(30)
        assert len(place.pings) == 2
    assert place.failures == []
    assert loops.told == [""]


async def test_a_failure_is_said_once_where_that_is_wanted(clock: VirtualClock) -> None:
    place, loops = Place(clock), Loops(clock, hinders=("nothing was decided for 5 s",))
    async with pinging(place, loops, fail=True):
        await clock.advance(600)
    assert (len(place.failures), place.pings) == (1, [])


async def test_a_failure_that_is_not_taken_is_said_again_until_it_is(clock: VirtualClock) -> None:
    place, loops = Place(clock, refuses="HTTP 503"), Loops(clock, hinders=("nothing was decided for 5 s",))
    async with pinging(place, loops, fail=True):
        await clock.advance(100)
        assert len(place.failures) > 2
        place.refuses = ""
        await clock.advance(30)
        said = len(place.failures)
        await clock.advance(600)
        assert len(place.failures) == said
        loops.hinders = ()
        await clock.advance(30)
        loops.hinders = ("nothing was decided for 5 s",)
        await clock.advance(70)
        assert len(place.failures) == said + 1  # another trouble is another failure


async def test_a_state_that_is_not_written_for_long_ends_the_pings(clock: VirtualClock) -> None:
    place, loops, keeper = Place(clock), Loops(clock), Keeper(clock)
    keeper.state = Degraded("disk full", clock.now(), 1, True)
    async with pinging(place, loops, keeper):
        await clock.advance(UNWRITTEN - 60)
        before = len(place.pings)
        assert before > 10
        await clock.advance(600)
        assert len(place.pings) <= before + 1
        keeper.state = None
        await clock.advance(30)
        assert len(place.pings) > before


@pytest.mark.parametrize("refuses", ["HTTP 404", "breaks"])
async def test_what_fails_for_minutes_is_told_once_and_is_over_when_it_is(
    clock: VirtualClock, refuses: str
) -> None:
    place, loops = Place(clock, refuses), Loops(clock)
    async with pinging(place, loops):
        await clock.advance(TELL_AFTER - 30)
        assert loops.told == []
        await clock.advance(3600)
        (text,) = loops.told
        assert text.startswith("the dead man's switch at hc-ping.example is not reached: ")
        assert "secret" not in text
        place.refuses = "HTTP 503"
        await clock.advance(600)
        assert len(loops.told) == 1
        place.refuses = ""
        await clock.advance(30)
        assert loops.told == [text, ""]
        place.refuses = refuses
        await clock.advance(60)
        place.refuses = ""
        await clock.advance(3600)
        assert len(loops.told) == 2


# -- in the runtime


class Stuck(MemoryState):
    """A store whose commits do not end."""

    stuck = False

    async def commit(self, changes: Sequence[Change]) -> None:
        if self.stuck:
            raise StoreUnavailable("stuck")
        await super().commit(changes)


async def with_switch(world: World, place: Place | None) -> Rig:
    rig = await build(world)
    switch = Switch(place) if place is not None else None
    runtime = Runtime(replace(rig.runtime._parts, switch=switch))
    return replace(rig, runtime=runtime)


async def test_a_loop_of_the_runtime_that_hangs_ends_the_pings(monkeypatch: pytest.MonkeyPatch) -> None:
    goes_on = asyncio.Event()

    async def hangs(_: History) -> None:
        await goes_on.wait()

    world = World()
    place = Place(world.clock)
    rig = await with_switch(world, place)
    async with running(rig):
        await rig.clock.advance(300)
        assert len(place.pings) >= 5
        monkeypatch.setattr(History, "flush", hangs)
        await rig.clock.advance(120)
        before = len(place.pings)
        await rig.clock.advance(600)
        assert len(place.pings) == before
        goes_on.set()
        monkeypatch.undo()
        await rig.clock.advance(120)
        assert len(place.pings) > before
    assert place.closed


async def test_it_is_an_incident_of_opsbots_own_until_there_is_no_switch_any_more() -> None:
    world = World()
    rig = await with_switch(world, Place(world.clock, "connection refused"))
    async with running(rig):
        await rig.until(lambda: (OWN, SWITCH_RULE) in rig.state.alerts, 600)
        assert rig.state.alerts[OWN, SWITCH_RULE].firing
    later = await with_switch(world, None)
    async with running(later):
        await later.until(lambda: (OWN, SWITCH_RULE) not in later.state.alerts, 60)
