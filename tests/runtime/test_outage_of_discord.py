"""Discord is out for an hour while two hundred services break and recover: everything arrives, once."""

from __future__ import annotations

import random

import pytest

from opsbot.domain.change import TimelineLine
from opsbot.domain.incident import Incident
from opsbot.draw.incident import OVER
from opsbot.draw.thread import timeline_line
from opsbot.engine.own import OWN
from tests.runtime.outage_hour import SILENT, TARGETS, Hour, first_told


def all_of_them(hour: Hour) -> list[int]:
    """The numbers of the services' incidents, and of opsbot's own, in the order in which they opened."""
    found: dict[int, Incident] = {}
    for entry in hour.disk.log:
        found.update({c.id: c for c in getattr(entry, "changes", ()) if isinstance(c, Incident)})
    assert sum(1 for i in found.values() if i.target != OWN) == TARGETS
    return sorted(found)


def check_threads(hour: Hour) -> None:
    """Each line of each timeline stands in the thread of its incident, once and in order."""
    wanted: dict[int, list[str]] = {number: [] for number in all_of_them(hour)}
    for entry in hour.disk.log:
        for change in getattr(entry, "changes", ()):
            if isinstance(change, TimelineLine):
                wanted[change.incident].append(timeline_line(change.entry))
    assert hour.channel.lines() == wanted
    assert len(hour.channel.threads) == len(wanted), "one thread an incident"


def check(hour: Hour) -> None:
    """Nothing lost, nothing doubled, all as they are now."""
    numbers = all_of_them(hour)
    assert {number: len(hour.channel.of(number)) for number in numbers} == dict.fromkeys(numbers, 1)
    live = {i.id for i in hour.state.live_incidents()}
    assert len(live) == TARGETS // 10
    for number in numbers:
        [message] = hour.channel.of(number)
        title = message.shown.embeds[0].title
        assert ("resolved after" in title) == (number not in live), title
    check_threads(hour)
    again = [m for m in hour.channel.replies() if f"{OVER}{OWN}**" not in (m.first.content or "")]
    assert again == [], "an end that was told with its incident was told twice"


async def test_after_the_outage_each_is_one_message_in_its_final_state_in_order() -> None:
    hour = Hour()
    async with hour.opsbot():
        hour.channel.out = True
        for part in range(10):
            await hour.happens(part)
        assert hour.channel.messages == {}
        assert hour.channel.tries < 120
        hour.channel.out = False
        live = sorted(i.id for i in hour.state.live_incidents() if i.target != OWN)
        while len(hour.channel.in_order()) < len(live):
            await hour.clock.advance(1.0)
        assert hour.channel.in_order() == live, "what is still on waits for nothing that is over"
        await hour.all_told()
        check(hour)
        over = [number for number in hour.channel.in_order() if number not in live]
        assert over == [number for number in all_of_them(hour) if number not in live]
        late = [m for m in hour.channel.standing() if " late." in m.shown.embeds[0].description]
        assert len(late) >= TARGETS - 10


async def test_the_fallback_has_each_within_its_minutes() -> None:
    hour = Hour()
    async with hour.opsbot():
        hour.channel.out = True
        for part in range(10):
            await hour.happens(part)
        await hour.clock.advance(SILENT + 1.0)
        waited = first_told(hour.mail.told)
        assert set(waited) >= set(all_of_them(hour))
        assert max(waited.values()) <= SILENT + 1.0
        last = {t.incident.id: t.incident for t in hour.mail.told}
        now = {**hour.state.incidents}
        assert all(last[number].state is now[number].state for number in last if number in now)


@pytest.mark.parametrize("seed", range(2))
async def test_the_same_with_opsbot_killed_ten_times_during_it(seed: int) -> None:
    dice = random.Random(seed)
    hour = Hour()
    hour.channel.out = True
    for part in range(9):
        async with hour.opsbot():
            await hour.happens(part)
            await hour.clock.advance(dice.uniform(0.0, 20.0))
    async with hour.opsbot():
        await hour.happens(9)
    hour.channel.out = False
    for _ in range(5):  # also while it catches up
        async with hour.opsbot():
            await hour.clock.advance(dice.uniform(0.0, 40.0))
    async with hour.opsbot():
        await hour.all_told()
        check(hour)
