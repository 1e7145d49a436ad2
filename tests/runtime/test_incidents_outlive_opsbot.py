"""Silences, deadlines, what comes back and what comes and goes: opsbot is built anew, the clock is set, the
machine starts anew, and everything happens when it would have."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from opsbot.domain.levels import IncidentState, Priority
from opsbot.domain.maintenance import Once, Window
from opsbot.domain.notice import Chain, EscalationStep
from opsbot.domain.silence import Matcher
from tests.engine.fleet import watched
from tests.runtime.incident_house import OLGA, House, seldom

CHAIN = Chain(steps=(EscalationStep(600.0, ("pager",), frozenset({Priority.P1})),))

BOTS = Matcher(("bot*",))

Upset = Callable[[House], Awaitable[float]]
"""What happens to opsbot in the midst of it; returns the seconds that it took."""


async def nothing(_: House) -> float:
    return 0.0


async def built_anew(house: House) -> float:
    await house.anew()
    return 0.0


async def an_hour_on(house: House) -> float:
    house.clock.step_wall(3600.0)
    return 0.0


async def an_hour_back(house: House) -> float:
    house.clock.step_wall(-3600.0)
    return 0.0


async def rebooted(house: House) -> float:
    await house.anew(reboot=90.0)
    return 90.0


UPSETS = {f.__name__: f for f in (nothing, built_anew, an_hour_on, an_hour_back, rebooted)}
upsets = pytest.mark.parametrize("upset", UPSETS.values(), ids=UPSETS)


def house_in(folder: Path, *windows: Window) -> House:
    return House(folder, [seldom(watched("bot"))], chain=CHAIN, windows=windows)


async def down(house: House) -> int:
    """The bot breaks; after how many seconds that was seen."""
    house.breaks("bot")
    return await house.until(lambda: any(alert.firing for alert in house.state.alerts.values()))


async def up(house: House) -> int:
    """It works; after how many seconds that was seen."""
    house.works("bot")
    return await house.until(lambda: not any(alert.firing for alert in house.state.alerts.values()))


def is_close(seconds: float, wanted: float) -> bool:
    """Within two seconds: how exact tests here look."""
    return abs(seconds - wanted) <= 2.0


@upsets
async def test_the_deadline_is_where_it_was_and_so_is_the_escalation(tmp_path: Path, upset: Upset) -> None:
    async with house_in(tmp_path).opsbot() as house:
        await down(house)
        await house.clock.advance(100.0)
        gone = 100.0 + await upset(house)
        assert len(house.channel.pings) == 1
        first = await house.until(lambda: len(house.channel.pings) == 2)
        assert is_close(gone + first, 300.0)
        second = await house.until(lambda: house.pager.at)
        assert is_close(gone + first + second, 600.0)
        await house.clock.advance(7200.0)
        assert len(house.channel.pings) == 2
        assert [t.notice.kind.loud for t in house.pager.told] == [True]


@pytest.mark.parametrize("knows_nonces", [False, True])
async def test_an_alarm_that_was_posted_unanswered_does_not_swallow_the_next_one(
    tmp_path: Path, knows_nonces: bool
) -> None:
    """opsbot is killed before it knows that its message stands; its successor begins after the deadline."""
    async with house_in(tmp_path).opsbot() as house:
        house.channel.hangs, house.channel.knows_nonces = True, knows_nonces
        await down(house)
        await house.until(lambda: house.channel.posts)
        house.channel.hangs = False
        await house.anew(dead=400.0)
        await house.clock.advance(10.0)
        (_, first), (_, second) = house.channel.said
        assert "⏫" in second
        assert "⏫" not in first
        assert len(house.channel.pings) == 2
        await up(house)
        await house.clock.advance(60.0)
        assert len(house.channel.pings) == 2
        assert house.state.notices == {}


@upsets
async def test_what_was_taken_on_waits_for_somebody_again_after_an_hour(tmp_path: Path, upset: Upset) -> None:
    async with house_in(tmp_path).opsbot() as house:
        await down(house)
        await house.asked(house.runtime.ops.acknowledge(1, OLGA, "mine"))
        await house.clock.advance(1000.0)
        gone = 1000.0 + await upset(house)
        waited = await house.until(lambda: house.state.incidents[1].state is IncidentState.OPEN)
        assert is_close(gone + waited, 3600.0)
        await house.clock.advance(1.0)
        assert len(house.channel.pings) == 2
        again = await house.until(lambda: len(house.channel.pings) == 3)
        assert is_close(again, 300.0), "and then for as long as at first"


@upsets
@pytest.mark.parametrize("maintenance", [False, True], ids=["silence", "maintenance"])
async def test_what_is_silenced_is_told_when_that_is_over(
    tmp_path: Path, upset: Upset, maintenance: bool
) -> None:
    async with house_in(tmp_path).opsbot() as house:
        mutes = house.runtime.ops.mutes
        await house.asked(mutes.silence(BOTS, 1800.0, "new disk", OLGA, maintenance=maintenance))
        gone = await down(house) + 600.0
        await house.clock.advance(600.0)
        gone += await upset(house)
        await house.clock.advance(5.0)
        (held,) = await house.runtime.ops.mutes.silences()
        assert held.maintenance is maintenance
        (muted,) = await house.runtime.ops.mutes.muted()
        assert "by Olga until 2026-01-05" in muted.by
        assert house.channel.posts == []
        waited = await house.until(lambda: house.channel.pings)
        assert is_close(gone + 5.0 + waited, 1800.0)
        assert await house.runtime.ops.mutes.silences() == ()
        assert list(await house.incidents()) == [1]


@upsets
async def test_what_is_silenced_and_well_again_is_never_told(tmp_path: Path, upset: Upset) -> None:
    async with house_in(tmp_path).opsbot() as house:
        await house.asked(house.runtime.ops.mutes.silence(BOTS, 600.0, "", OLGA))
        await down(house)
        await upset(house)
        await house.clock.advance(10.0)
        await up(house)
        await house.clock.advance(1200.0)
        assert house.channel.posts == []
        assert await house.incidents() == {}


@upsets
async def test_a_silenced_incident_says_nothing_until_it_is_over(tmp_path: Path, upset: Upset) -> None:
    async with house_in(tmp_path).opsbot() as house:
        await down(house)
        await house.asked(house.runtime.ops.mutes.silence_incident(1, None, "known", OLGA))
        await upset(house)
        await house.clock.advance(3600.0)
        assert len(house.channel.pings) == 1
        assert house.pager.told == []
        await up(house)
        await house.clock.advance(5.0)
        assert await house.runtime.ops.mutes.silences() == ()
        assert house.state.live_incidents() == []


@upsets
async def test_what_comes_back_within_half_an_hour_is_the_same_incident(tmp_path: Path, upset: Upset) -> None:
    async with house_in(tmp_path).opsbot() as house:
        await down(house)
        await up(house)
        gone = await upset(house)
        await house.clock.advance(1700.0 - gone)
        await down(house)
        assert list(house.state.incidents) == [1]
        assert len(house.channel.pings) == 2
        assert len(house.channel.threads) == 1


@upsets
async def test_what_comes_back_later_is_another_one(tmp_path: Path, upset: Upset) -> None:
    async with house_in(tmp_path).opsbot() as house:
        await down(house)
        await up(house)
        await upset(house)
        await house.clock.advance(1805.0)
        await down(house)
        assert [one.live for one in house.state.incidents.values()] == [False, True]
        assert len(house.channel.threads) == 2


@upsets
async def test_what_comes_and_goes_stays_open_until_it_is_calm(tmp_path: Path, upset: Upset) -> None:
    async with house_in(tmp_path).opsbot() as house:
        for _ in range(3):
            await down(house)
            await up(house)
            await upset(house)
        pings = len(house.channel.pings)
        for _ in range(3):
            await house.clock.advance(5.0)
            await down(house)
            await up(house)
        assert len(house.channel.pings) == pings == 3
        assert len(house.state.live_incidents()) == 1
        await house.asked(house.runtime.ops.acknowledge(1, OLGA, ""))
        await house.clock.advance(100.0)
        gone = 101.0 + await upset(house)
        waited = await house.until(lambda: not house.state.live_incidents())
        assert is_close(gone + waited, 600.0)
        assert list(await house.incidents()) == [1]


@pytest.mark.parametrize("upset", [nothing, built_anew, rebooted])
async def test_a_maintenance_window_of_the_configuration(tmp_path: Path, upset: Upset) -> None:
    now = House(tmp_path, []).clock.now().wall
    window = Window("disks", Once(now + 100.0, now + 1000.0), ("bot",), "new disks")
    async with house_in(tmp_path, window).opsbot() as house:
        await house.clock.advance(150.0)
        gone = 150.0 + await down(house) + await upset(house)
        await house.clock.advance(10.0)
        (muted,) = await house.runtime.ops.mutes.muted()
        assert "maintenance window “disks”" in muted.by
        assert house.channel.posts == []
        waited = await house.until(lambda: house.channel.pings)
        assert is_close(gone + 10.0 + waited, 1000.0)


async def test_a_window_follows_the_clock_on_the_wall(tmp_path: Path) -> None:
    now = House(tmp_path, []).clock.now().wall
    window = Window("disks", Once(now + 4000.0, now + 5000.0), ("bot",), "new disks")
    async with house_in(tmp_path, window).opsbot() as house:
        await house.clock.advance(100.0)
        house.clock.step_wall(4000.0)
        gone = 4200.0 + await down(house)
        await house.clock.advance(100.0)
        assert house.channel.posts == []
        waited = await house.until(lambda: house.channel.pings)
        assert is_close(gone + waited, 5000.0)
