"""One incident from its opening to its postmortem: who is pinged when, once each, also when opsbot is thrown
away and built anew from its state directory at any moment of it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from opsbot.domain.levels import IncidentState, Priority
from opsbot.domain.notice import Chain, EscalationStep
from opsbot.draw.incident import OVER
from opsbot.draw.postmortem import PREFIX
from opsbot.draw.thread import timeline_line
from opsbot.errors import Refused, Stopping
from opsbot.stores.attachments import FOLDER
from tests.engine.fleet import watched
from tests.runtime.incident_house import CHANNEL, OLGA, House, seldom

CHAIN = Chain(steps=(EscalationStep(600.0, ("pager",), frozenset({Priority.P1})),))

Between = Callable[[House], Awaitable[None]]


async def nothing(house: House) -> None:
    """opsbot lives."""


async def anew(house: House) -> None:
    """It is thrown away between two steps."""
    await house.anew()
    await house.clock.settle()


def house_in(folder: Path) -> House:
    return House(folder, [seldom(watched("bot"))], chain=CHAIN)


async def takes_on(house: House) -> None:
    """Olga does, and asks again when opsbot ended before it answered."""
    for _ in range(5):
        with suppress(Stopping, Refused):  # it may have been decided
            await house.asked(house.runtime.ops.acknowledge(1, OLGA, "I look"))
        if house.state.incidents[1].acknowledged_by == OLGA:
            return
    raise AssertionError("nobody answers")


async def plays(house: House, between: Between) -> None:
    """The whole story; `between` comes after each step."""
    await house.clock.advance(30.0)
    await between(house)
    house.breaks("bot")
    await house.clock.advance(6.0)
    await between(house)
    await house.clock.advance(200.0)
    await between(house)
    await house.clock.advance(200.0)  # its deadline is over
    await between(house)
    await house.clock.advance(250.0)  # the pager was told
    await between(house)
    await takes_on(house)
    await between(house)
    await house.clock.advance(600.0)
    await between(house)
    house.works("bot")
    await house.clock.advance(6.0)
    await between(house)
    await house.clock.advance(120.0)
    await between(house)
    await house.clock.advance(30.0)


async def check_end(house: House) -> None:
    """Everything once, at its time, and nothing waits."""
    (incident,) = (await house.incidents()).values()
    assert incident.state is IncidentState.RESOLVED
    assert incident.acknowledged_by == OLGA
    assert house.state.notices == {}
    check_channel(house, incident.opened.mono)
    loud = [at for at, t in zip(house.pager.at, house.pager.told, strict=True) if t.notice.kind.loud]
    assert {round(at - incident.opened.mono) for at in loud} == {600}
    assert len(loud) <= 1 + house.kills, "nobody knows whether somebody who was killed had told"
    assert len(house.pager.told) <= 6 + house.kills, "it hears how it goes on"
    assert house.pager.told[-1].incident.state is IncidentState.RESOLVED
    await check_thread(house)


def check_channel(house: House, opened: float) -> None:
    """Two messages that ping, one reply that does not."""
    assert [round(at - opened) for at in house.channel.pings] == [0, 300]
    (_, first), (_, second), (_, reply) = house.channel.said
    assert "⏫" not in first
    assert "⏫" in second
    assert "nobody has acknowledged it" in second
    assert reply.startswith(OVER)
    (silent,) = (p for _, channel, p in house.channel.posts if channel == CHANNEL and p.content == reply)
    assert silent.silent
    assert not silent.roles
    moved, shown, _ = house.channel.standing()
    assert "This goes on in the newer message below" in moved
    assert "resolved after" in shown


async def check_thread(house: House) -> None:
    """Its timeline stands in one thread, each line once; the postmortem is one file, and stands there."""
    lines = [timeline_line(entry) for entry in await house.store.timeline(1)]
    (posts,) = house.channel.threads.values()
    stood = [
        line for m in posts for line in (m.first.content or "").split("\n") if not line.startswith("-# ")
    ]
    assert stood == [part for line in lines for part in line.split("\n")]
    assert all(m.first.silent and not m.first.roles for m in posts)
    texts = await house.lines(1)
    assert sum("people are told again" in text for text in texts) == 1
    assert sum("pager told as well" in text for text in texts) == 1
    assert [text for text in texts if "postmortem" in text] == ["postmortem"]
    (file,) = (path.name for path in (house.folder / FOLDER).iterdir())
    assert file.startswith(PREFIX)
    assert house.channel.files() == [file]


async def test_pinged_not_acknowledged_told_again_escalated_taken_on_restored_and_written_up(
    tmp_path: Path,
) -> None:
    async with house_in(tmp_path).opsbot() as house:
        await plays(house, nothing)
        await check_end(house)


async def test_the_same_with_opsbot_built_anew_between_each_two_steps(tmp_path: Path) -> None:
    async with house_in(tmp_path).opsbot() as house:
        await plays(house, anew)
        assert house.kills == 9
        await check_end(house)


@pytest.mark.parametrize("seed", range(30))
async def test_the_same_with_opsbot_ended_in_the_midst_of_it_anywhere(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    doom = {dice.randrange(1, 22): dice.randrange(60) for _ in range(6)}
    async with house_in(tmp_path).opsbot() as house:
        house.channel.knows_nonces = seed % 2 == 0
        dooming = asyncio.create_task(house.dooms(doom))
        await plays(house, nothing)
        dooming.cancel()
        await check_end(house)
        assert house.kills >= 1
