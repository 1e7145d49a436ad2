"""After a deploy the target is watched, and how it is then is told once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from opsbot.domain.audit import AuditEntry
from opsbot.domain.levels import Outcome
from opsbot.draw.payload import Payload
from opsbot.errors import DeliveryError
from opsbot.runtime.deploys import VERB
from opsbot.runtime.memory_parts import MemoryParts
from opsbot.testing.clock import VirtualClock
from tests.runtime.rig import NAME, OLGA, Rig, World, build, changes, running, sample

PLACE = "1/2"
PAUSE, WATCH = 60.0, 120.0
"""Seconds: short, for the rig looks every second."""
GONE = DeliveryError("the message is gone", permanent=True, forgotten=True)
DOWN = DeliveryError("Discord is down", permanent=False, place=True)


class Killed(BaseException):
    """opsbot ends here, as by SIGKILL."""


@dataclass
class Channel:
    """`edit_fails`, `send_fails`: what each raises while set. `dies`: opsbot ends right after it arrived."""

    clock: VirtualClock
    edits: list[tuple[str, str]] = field(default_factory=list)
    posts: list[Payload] = field(default_factory=list)
    edit_fails: DeliveryError | None = None
    dies: bool = False

    async def send(self, payload: Payload) -> None:
        self.posts.append(payload)
        if self.dies:
            raise Killed

    async def edit(self, place: str, payload: Payload) -> None:
        if self.edit_fails is not None:
            raise self.edit_fails
        self.edits.append((place, text(payload)))

    async def stands(self, marker: str, since: float) -> bool:
        return any(post.embeds[0].footer.startswith(marker) for post in self.posts)


def text(payload: Payload) -> str:
    return f"{payload.embeds[0].title}\n{payload.embeds[0].description}"


@dataclass
class Bench:
    """`world` and `channel` outlive opsbot."""

    world: World = field(default_factory=World)
    channel: Channel = field(init=False)

    def __post_init__(self) -> None:
        self.channel = Channel(self.world.clock)
        self.world.host.launch()

    @asynccontextmanager
    async def opsbot(self, watch: float = WATCH, *, dry_run: bool = False) -> AsyncIterator[Rig]:
        rig = await build(self.world, memory=MemoryParts(deploys=self.channel))
        rig.state.policy = replace(rig.state.policy, deploy_watch=watch, dry_run=dry_run)
        async with running(rig):
            yield rig

    @property
    def told(self) -> list[str]:
        return [said for _, said in self.channel.edits]


async def deploy(rig: Rig, place: str = PLACE, pause: float = PAUSE, version: str = "v1.4") -> None:
    await rig.clock.advance(2.0)
    await rig.runtime.ops.mutes.deploy(NAME, version, pause, OLGA, place)


def marks(rig: Rig) -> list[tuple[str, str]]:
    found = [c for c in changes(rig) if isinstance(c, AuditEntry) and c.verb == VERB]
    return [(act.outcome, act.reason.partition(", ")[2]) for act in found]


async def test_all_is_well_is_said_once_at_the_deploys_own_place_when_the_watch_is_over() -> None:
    bench = Bench()
    async with bench.opsbot() as rig:
        await deploy(rig)
        await rig.clock.advance(PAUSE + WATCH - 5)
        assert bench.told == []
        await rig.clock.advance(10.0)
        await rig.clock.advance(WATCH)
        assert len(bench.told) == 1
        assert bench.channel.posts == []
        assert bench.told[0].startswith("✅ Deploy `v1.4` of summarybot: all is well after 2 min\nBy Olga, ")
        assert marks(rig) == [("well", "v1.4: all is well")]
    assert bench.channel.edits[0][0] == PLACE


async def test_alerts_since_are_counted_with_their_incident() -> None:
    bench = Bench()
    async with bench.opsbot() as rig:
        await deploy(rig, pause=0)
        await rig.clock.advance(30.0)
        bench.world.host.end(code=1)
        await rig.clock.advance(WATCH)
    assert "⚠️ Deploy `v1.4` of summarybot: 1 alert since, see #1" in bench.told[0]
    assert "opsbot had to restart it once" in bench.told[0]


async def test_what_was_wrong_only_while_it_was_brought_out_is_no_trouble() -> None:
    bench = Bench()
    async with bench.opsbot() as rig:
        await deploy(rig)
        bench.world.host.end(code=1)
        await rig.clock.advance(20.0)
        bench.world.host.launch()
        await rig.clock.advance(PAUSE + WATCH)
    (said,) = bench.told
    assert said.startswith("✅")
    assert "while it was brought out bot_process_down, api_health_failure fired" in said


async def test_checks_that_were_paused_are_not_said_to_be_well() -> None:
    bench = Bench()
    async with bench.opsbot() as rig:
        await deploy(rig)
        rig.runtime.scheduler.pause_loop("health")
        await rig.clock.advance(PAUSE + WATCH + 5)
    assert (
        "❔ Deploy `v1.4` of summarybot: whether all is well cannot be told: not looked at: health"
        in (bench.told[0])
    )


async def test_a_check_that_fails_at_the_end_is_named() -> None:
    bench = Bench()
    async with bench.opsbot() as rig:
        await deploy(rig)
        await rig.clock.advance(PAUSE + WATCH - 2)
        rig.runtime.scheduler.pause_loop("health")
        await rig.runtime._sampled(sample("health", Outcome.FAIL, rig.clock))
        await rig.clock.advance(5.0)
    assert "failing now: health (seen)" in bench.told[0]


async def test_more_errors_in_the_log_than_before_are_told() -> None:
    bench = Bench()
    async with bench.opsbot() as rig:
        await rig.runtime._sampled(sample("health", Outcome.OK, rig.clock, log_errors_total=1))
        await deploy(rig)
        for count in (1, 4, 9, 40):
            await rig.runtime._sampled(sample("health", Outcome.OK, rig.clock, log_errors_total=count))
            await rig.clock.advance(50.0)
    assert "36 errors in the log" in bench.told[0].splitlines()[0]


async def test_an_opsbot_that_begins_in_the_midst_tells_it_at_its_time_and_says_what_it_missed() -> None:
    bench = Bench()
    async with bench.opsbot() as rig:
        await deploy(rig)
        await rig.clock.advance(PAUSE + 20)
    await bench.world.clock.advance(80.0)
    async with bench.opsbot() as rig:
        await rig.clock.advance(20.0)
        assert bench.told == []
        await rig.clock.advance(20.0)
        assert len(bench.told) == 1
        assert "❔" in bench.told[0]
        assert "nothing was looked at for " in bench.told[0]
    async with bench.opsbot() as rig:
        await rig.clock.advance(WATCH)
    assert len(bench.told) == 1


async def dies_telling(bench: Bench) -> None:
    async with bench.opsbot() as rig:
        await deploy(rig, place="")
        await rig.clock.advance(PAUSE + WATCH + 5)


async def test_killed_right_after_it_was_told_it_is_not_told_again() -> None:
    bench = Bench()
    bench.channel.dies = True
    with pytest.raises(BaseExceptionGroup):
        await dies_telling(bench)
    assert len(bench.channel.posts) == 1
    bench.channel.dies = False
    async with bench.opsbot() as rig:
        await rig.clock.advance(60.0)
        assert len(marks(rig)) == 1
    assert len(bench.channel.posts) == 1


async def test_from_the_command_line_the_ops_channel_is_told_silently() -> None:
    bench = Bench()
    async with bench.opsbot() as rig:
        await deploy(rig, place="")
        await rig.clock.advance(PAUSE + WATCH + 5)
    (post,) = bench.channel.posts
    assert post.silent
    assert 0 < len(post.nonce) <= 25


async def test_where_its_message_is_gone_the_ops_channel_is_told() -> None:
    bench = Bench()
    bench.channel.edit_fails = GONE
    async with bench.opsbot() as rig:
        await deploy(rig)
        await rig.clock.advance(PAUSE + WATCH + 5)
    assert len(bench.channel.posts) == 1


async def test_an_outage_of_discord_delays_it() -> None:
    bench = Bench()
    bench.channel.edit_fails = DOWN
    async with bench.opsbot() as rig:
        await deploy(rig)
        await rig.clock.advance(PAUSE + WATCH + 10)
        assert marks(rig) == []
        bench.channel.edit_fails = None
        await rig.clock.advance(60.0)
    assert len(bench.told) == 1
    assert bench.channel.posts == []


@pytest.mark.parametrize(("watch", "dry_run"), [(0.0, False), (WATCH, True)])
async def test_switched_off_or_in_a_dry_run_nothing_is_told(watch: float, dry_run: bool) -> None:
    bench = Bench()
    async with bench.opsbot(watch, dry_run=dry_run) as rig:
        await deploy(rig)
        await rig.clock.advance(PAUSE + WATCH + 5)
    assert bench.channel.edits == []
    assert bench.channel.posts == []


async def test_a_newer_deploy_takes_the_place_of_one_that_is_still_watched() -> None:
    bench = Bench()
    async with bench.opsbot() as rig:
        await deploy(rig)
        await rig.clock.advance(PAUSE + 30)
        await deploy(rig, "1/3", version="v1.5")
        await rig.clock.advance(PAUSE + WATCH + 5)
    assert [place for place, _ in bench.channel.edits] == ["1/3"]
