"""A thousand alerts in a minute from fifty targets behind one that is dead: one story in the channel."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container
from dataclasses import replace
from pathlib import Path

import pytest

from opsbot.domain.expr import Compare, Op, Reading
from opsbot.domain.levels import Outcome, Priority, Severity
from opsbot.domain.rule import Rule
from opsbot.domain.sample import Sample
from opsbot.domain.target import Target
from opsbot.draw.incident import OVER
from opsbot.engine.inputs import SampleSeen
from opsbot.runtime.desk import EDIT_EVERY
from tests.engine.fleet import watched
from tests.runtime.incident_house import OLGA, House

CHILDREN, RULES, SECONDS = 50, 20, 60.0
ALERTS = CHILDREN * RULES
TOGETHER = 5
"""Alerts that come at once, for the test's own sake."""

PARENT = "db"

WHEN = {"first": 0, "in the middle": ALERTS // 2, "last": ALERTS, "never": None, "not watched": None}
"""After how many alerts the parent is seen dead."""


def child(number: int) -> Target:
    """One in which twenty rules fire, each by its own metric; nothing is looked at by itself."""
    rules = tuple(
        Rule(
            f"load_{n}",
            Compare(Reading(f"load_{n}"), Op.GT, 1.0),
            Severity.CRITICAL,
            Priority.P1 if n == 0 else Priority.P2,
            "Load {value}",
            reads=frozenset({"load"}),
        )
        for n in range(RULES)
    )
    return Target(f"bot-{number}", f"Bot {number}", (), rules, depends_on=(PARENT,))


class Storm:
    """It, over one opsbot. `seen`: when the parent is seen dead; `ends`: after how many alerts opsbot
    is ended and built anew."""

    def __init__(self, folder: Path, seen: str, ends: Container[int] = ()) -> None:
        self.ends = ends
        parents = [] if seen == "not watched" else [replace(watched(PARENT), checks=())]
        self.house = House(folder, [*parents, *map(child, range(CHILDREN))])
        self.seen_after = WHEN[seen]
        self.most_rows = 0

    async def sample(self, name: str, check: str, *, good: bool, **metrics: float) -> None:
        now = self.house.clock.now()
        outcome = Outcome.OK if good else Outcome.FAIL
        await self.house.runtime.pipeline.post(SampleSeen(Sample(name, check, now, outcome, "seen", metrics)))

    async def rages(self) -> None:
        """A minute of it: each child in its turn, one rule after the other."""
        for number in range(ALERTS + 1):
            if number == self.seen_after:
                await self.sample(PARENT, "process", good=False)
                await self.house.clock.settle()
            if number < ALERTS:
                name, rule = f"bot-{number % CHILDREN}", number // CHILDREN
                await self.sample(name, "load", good=True, **{f"load_{rule}": 2.0})
                if number % TOGETHER == 0:
                    await self.house.clock.advance(TOGETHER * SECONDS / ALERTS)
            if number in self.ends:
                await self.house.clock.settle()
                await self.house.anew()
                await self.house.clock.settle()
            self.most_rows = max(self.most_rows, len(self.house.state.notices))

    async def passes(self) -> None:
        """All is well again, the parent first."""
        if self.seen_after is not None:
            await self.sample(PARENT, "process", good=True)
        await self.house.clock.advance(10.0)
        for number in range(CHILDREN):
            quiet = {f"load_{rule}": 0.0 for rule in range(RULES)}
            await self.sample(f"bot-{number}", "load", good=True, **quiet)
            await self.house.clock.advance(0.5)

    async def taken_on(self) -> None:
        for incident in self.house.state.live_incidents():
            await self.house.asked(self.house.runtime.ops.acknowledge(incident.id, OLGA, ""))


def told(house: House) -> int:
    """How many alerts the channel tells of, as it stands."""
    fields = [f for m in house.channel.messages.values() for e in m.shown.embeds for f in e.fields]
    counted = [re.sub(r"\D", "", field.value) for field in fields if field.name == "Alerts so far"]
    return sum(map(int, counted))


def check_edits(house: House) -> None:
    """Counters are shown once in five seconds, whatever the message; a few are changes of state. A new
    opsbot does not know when the last one was."""
    slots = Counter(int(at // EDIT_EVERY) for at, _ in house.channel.edits)
    assert len(house.channel.edits) <= SECONDS / EDIT_EVERY + 8 + 2 * house.kills, slots


@pytest.mark.parametrize("seen", WHEN)
async def test_a_thousand_alerts_behind_a_dead_parent_are_a_few_messages(tmp_path: Path, seen: str) -> None:
    await rages_and_passes(Storm(tmp_path, seen))


async def test_the_same_with_opsbot_built_anew_in_the_midst_of_it(tmp_path: Path) -> None:
    await rages_and_passes(Storm(tmp_path, "in the middle", ends={3, 250, 498, 503, 990}))


async def rages_and_passes(storm: Storm) -> None:
    """From the first alert to the last word."""
    house = storm.house
    parents = int(storm.seen_after is not None)
    async with house.opsbot():
        began = house.clock.now().mono
        await storm.rages()
        assert abs(house.channel.posts[0][0] - began) < 0.2, "the first is told at once"
        await house.clock.advance(EDIT_EVERY + 1)
        (live,) = house.state.live_incidents()
        assert live.fired == ALERTS + parents
        assert told(house) == ALERTS + parents
        check_edits(house)
        assert storm.most_rows <= 8
        text = "\n".join(house.channel.standing())
        cause = f"{PARENT}: 50 targets depend on it" if parents else f"probably {PARENT}: all 50 of them"
        assert cause in live.cause
        assert cause in text
        await storm.taken_on()
        await storm.passes()
        await house.clock.advance(300.0)
        assert house.state.live_incidents() == []
        assert house.state.notices == {}
    said = [text for _, text in house.channel.said]
    assert len(said) <= 5, said
    assert len([text for text in said if text.startswith(OVER)]) == 1, said
    assert len(house.channel.pings) <= 2, "the first, and at most the parent's own"
