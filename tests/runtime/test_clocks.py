"""Clocks that are set, and a machine that sleeps: whoever measures durations notices nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from opsbot.domain.incident import Incident
from opsbot.domain.notice import Receipt, Telling
from opsbot.errors import DeliveryError
from opsbot.testing.clock import VirtualClock
from opsbot.testing.notifier import RecordingNotifier
from tests.runtime.rig import NAME, OLGA, Rig, World, build, running

HOUR, YEARS = 3600.0, 10 * 365.25 * 86_400.0
NIGHT = 8 * HOUR
STEPS = {"an hour on": HOUR, "an hour back": -HOUR, "ten years on": YEARS, "ten years back": -YEARS}

MISSED = "nobody has acknowledged it for 8 h"

HOURS = re.compile(r"\d h\b")
"""A span of hours, as `text.seconds_text` says it."""

Trace = list[tuple[float, str]]


@dataclass
class Clocked(RecordingNotifier):
    """Remembers when, by the clock that nobody sets, it was tried and what it was told. `out`: seconds since
    boot in which it takes nothing."""

    clock: VirtualClock = field(default_factory=VirtualClock)
    out: tuple[float, float] = (0.0, 0.0)
    seen: Trace = field(default_factory=list)

    async def deliver(self, telling: Telling) -> Receipt:
        now = round(self.clock.now().mono, 3)
        if self.out[0] <= now < self.out[1]:
            self.seen.append((now, "tried"))
            raise DeliveryError("out", permanent=False)
        incident, late = telling.incident, round(telling.late)
        self.seen.append((now, f"{telling.notice.kind} {incident.priority} {late} s late"))
        return await RecordingNotifier.deliver(self, telling)


class Story:
    """Twenty minutes of an opsbot, with all that takes time: crashes, a backoff, a pause, an outage of the
    notifier, a target that does not answer for a while."""

    def __init__(self) -> None:
        self.world = World()
        self.world.host.launch()
        self.ops = Clocked(clock=self.world.clock, out=(1500.0, 1800.0))
        self.acts: dict[float, Callable[[], object]] = {
            20.0: self.world.host.crash,
            35.0: self.world.host.crash,
            200.0: lambda: setattr(self.world, "healthy", False),
            202.5: lambda: setattr(self.world, "healthy", True),
            550.0: self.world.host.crash,
            900.0: lambda: setattr(self.world, "healthy", False),
            1000.0: lambda: setattr(self.world, "healthy", True),
        }

    async def told(self, steps: dict[float, float]) -> Trace:
        """Everything it did, and when. `steps`: when the wall clock is set, and by how much."""
        rig = await build(self.world, notifiers={"ops": self.ops})
        rig.runtime.outbox.jitter = lambda: 0.0
        async with running(rig):
            passed = 0.0
            for moment in sorted({*self.acts, *steps, 300.0, 1250.0}):
                await self.world.clock.advance(moment - passed)
                passed = moment
                if moment == 300.0:
                    await rig.runtime.ops.pause(NAME, 150.0, "deploy", OLGA)
                if moment in self.acts:
                    self.acts[moment]()
                if moment in steps:
                    self.world.clock.step_wall(steps[moment])
            return [*self.ops.seen, (passed, _end(rig))]


def _end(rig: Rig) -> str:
    states = [incident.state.value for incident in rig.state.incidents.values()]
    looks = [loop.runs for loop in rig.runtime.ops.loops()]
    return f"{rig.world.host.started} started, {sorted(rig.state.pauses)} paused, {states}, {looks} looks"


_UNTOUCHED: Trace = []


async def untouched() -> Trace:
    """The story of a clock that nobody sets, told once for all."""
    if not _UNTOUCHED:
        _UNTOUCHED.extend(await Story().told({}))
    return _UNTOUCHED


async def test_the_story_has_all_that_takes_time() -> None:
    words = [word for _, word in await untouched()]
    assert len([word for word in words if word.startswith(("opened P1", "escalated P1"))]) >= 3
    assert words.count("tried") > 3
    assert any(not word.endswith(" 0 s late") and word.endswith("late") for word in words)


@pytest.mark.parametrize("seconds", STEPS.values(), ids=STEPS)
@pytest.mark.parametrize("moment", [10.0, 36.0, 201.0, 400.0, 555.0, 920.0])
async def test_a_clock_that_is_set_changes_nothing_of_it(moment: float, seconds: float) -> None:
    assert await Story().told({moment: seconds}) == await untouched()


async def test_a_clock_that_is_set_again_and_again_changes_nothing_either() -> None:
    steps = {7.0 + 40.0 * number: list(STEPS.values())[number % 4] for number in range(30)}
    assert await Story().told(steps) == await untouched()


# -- sleep


@dataclass
class Sleeper:
    """A whole opsbot on a machine that sleeps for a night."""

    world: World = field(default_factory=World)
    ops: RecordingNotifier = field(default_factory=lambda: RecordingNotifier("ops"))

    async def built(self) -> Rig:
        self.world.host.launch()
        return await build(self.world, notifiers={"ops": self.ops})

    async def sleep(self) -> None:
        """A night, and the first minute of the morning."""
        self.world.clock.suspend(NIGHT)
        await self.world.clock.advance(60.0)

    @property
    def incidents(self) -> list[Incident]:
        return [telling.incident for telling in self.ops.told]


async def test_a_night_in_which_all_is_well_is_no_incident_and_one_remark() -> None:
    sleeper = Sleeper()
    async with running(await sleeper.built()) as rig:
        await sleeper.world.clock.advance(600.0)
        await sleeper.sleep()
        assert sleeper.ops.told == []
        assert sleeper.world.host.started == []
        (note,) = (await rig.runtime.ops.health(NAME)).notes
        assert "nothing was looked at from 2026-01-05 15:1" in note
        assert "(8 h): the machine slept, or opsbot was held" in note


@pytest.mark.parametrize("before", [0.2, 0.9, 1.4, 2.2])
async def test_what_was_failing_when_it_fell_asleep_is_judged_anew(before: float) -> None:
    """Three looks in a row must fail: two in the evening and one in the morning are no row."""
    sleeper = Sleeper()
    async with running(await sleeper.built()):
        await sleeper.world.clock.advance(600.0)
        sleeper.world.healthy = False
        await sleeper.world.clock.advance(before)
        sleeper.world.clock.suspend(NIGHT)
        await sleeper.world.clock.advance(1.0)
        sleeper.world.healthy = True
        await sleeper.world.clock.advance(60.0)
        assert sleeper.ops.told == []
        assert sleeper.world.host.started == []


async def test_an_open_incident_says_once_that_nobody_looked_and_nothing_is_down_for_eight_hours() -> None:
    sleeper = Sleeper()
    async with running(await sleeper.built()) as rig:
        await sleeper.world.clock.advance(600.0)
        await rig.runtime.ops.pause(NAME, 7 * 24 * HOUR, "so that it stays open", OLGA)
        sleeper.world.host.crash()
        await sleeper.world.clock.advance(30.0)
        assert rig.incident.live
        await sleeper.sleep()
        texts = [entry.text for entry in rig.incident.timeline]
        assert len([text for text in texts if "nothing was looked at" in text]) == 1
        assert len([text for text in texts if text.startswith(MISSED)]) == 1, "its deadline was at night"
        others = [text for text in texts if "nothing was looked at" not in text and MISSED not in text]
        words = [*others, rig.incident.title, rig.incident.doing]
        assert [word for word in words if HOURS.search(word)] == []


async def test_what_died_in_the_night_is_repaired_at_once_in_the_morning() -> None:
    sleeper = Sleeper()
    async with running(await sleeper.built()):
        await sleeper.world.clock.advance(600.0)
        sleeper.world.clock.suspend(NIGHT)
        sleeper.world.host.crash()
        await sleeper.world.clock.advance(30.0)
        assert len(sleeper.world.host.started) == 1
        assert not any(HOURS.search(incident.title) for incident in sleeper.incidents)
