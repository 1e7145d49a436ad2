"""What holds for incidents whatever happens, in whatever order: many targets, people, silences, time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import pytest

from opsbot.domain.levels import Priority
from opsbot.domain.maintenance import Once, Window
from opsbot.domain.notice import Receipt
from opsbot.domain.policy import IncidentPolicy
from opsbot.domain.silence import LONGEST, Matcher
from opsbot.engine.inputs import (
    Acknowledge,
    AssignAsked,
    Delivered,
    DeployAsked,
    NoteAsked,
    ResolveAsked,
    SilenceAsked,
    Tick,
    UnsilenceAsked,
)
from tests.engine.crowd import GRAVE, MILD, Crowd, crowd, member
from tests.engine.drive import OLGA, OTTO

NAMES = tuple(f"t{number}" for number in range(8))
LENGTH = 60
DAY = 86_400.0

MOMENTS = (0.0, 0.5, 1.0, 20.0, 59.0, 60.0, 61.0, 130.0)
HOURS = (301.0, 700.0, 1900.0, 3700.0)
"""Seconds around those after which something becomes of an incident."""


@dataclass
class Chance:
    """One story: what it consists of is chosen anew for each, so that some things happen often in some."""

    random: Random

    def __post_init__(self) -> None:
        others = [verb for verb in DO if verb not in ("sees", "passes") and self.random.random() < 0.6]
        looks, waits = self.random.choice((5, 10, 20)), self.random.choice((1, 3, 6))
        self.verbs = ["sees"] * looks + ["passes"] * waits + others
        self.health = self.random.choice((0.3, 0.5, 0.7))
        self.refused = self.random.choice((0.0, 0.0, 0.2))
        self.hours = self.random.choice((0.05, 0.05, 0.4))

    def fleet(self) -> Crowd:
        """Each target may depend on one before it."""
        names: list[str] = []
        targets = []
        for name in NAMES:
            targets.append(member(name, *([self.random.choice(names)] if names and self.toss(0.6) else [])))
            names.append(name)
        made = crowd(targets, self._policy())
        made.state.windows = tuple(
            self._window(made.now.wall) for _ in range(self.random.choice((0, 0, 1, 2)))
        )
        return made

    def _policy(self) -> IncidentPolicy:
        return replace(
            IncidentPolicy(),
            group=self.random.choice((60.0, 60.0, 60.0, 0.0)),
            crowd=self.random.choice((1, 2, 3)),
            reopen=self.random.choice((0.0, 1800.0)),
            flaps=self.random.choice((0, 2, 3)),
            ack=self.random.choice((0.0, 600.0, 3600.0)),
        )

    def _window(self, start: float) -> Window:
        begins = start + self.random.uniform(0, 2000)
        return Window("backup", Once(begins, begins + self.random.uniform(1, 2000)), (self.name(),))

    def toss(self, chance: float) -> bool:
        return self.random.random() < chance

    def name(self) -> str:
        return self.random.choice(NAMES)

    def check(self) -> str:
        return self.random.choice((GRAVE, GRAVE, MILD))

    def seconds(self) -> float:
        return self.random.choice(HOURS if self.toss(self.hours) else MOMENTS)

    def incident(self, fleet: Crowd) -> int:
        """One of the newest; there may be none."""
        return max(1, fleet.state.next_incident - 1 - self.random.randrange(6))

    def matcher(self) -> Matcher:
        name = self.name()
        some = (Matcher((name,)), Matcher((name,), (self.check(),)), Matcher(least=Priority.P3), Matcher())
        return self.random.choice(some)


def _sees(fleet: Crowd, chance: Chance) -> None:
    fleet.sees(chance.name(), chance.check(), well=chance.toss(chance.health))


def _jumps(fleet: Crowd, chance: Chance) -> None:
    """The machine slept."""
    fleet.now = fleet.now.after(chance.seconds())
    fleet.give(Tick())


def _silences(fleet: Crowd, chance: Chance) -> None:
    seconds, maintenance = max(60.0, chance.seconds()), chance.toss(0.3)
    fleet.give(SilenceAsked(chance.matcher(), seconds, OLGA, "known", maintenance))


def _silences_incident(fleet: Crowd, chance: Chance) -> None:
    seconds = None if chance.toss(0.5) else max(60.0, chance.seconds())
    fleet.give(SilenceAsked(Matcher(), seconds, OLGA, "", incident=chance.incident(fleet)))


def _unsilences(fleet: Crowd, chance: Chance) -> None:
    if fleet.state.silences:
        fleet.give(UnsilenceAsked(chance.random.choice(sorted(fleet.state.silences)), OTTO))


def _delivers(fleet: Crowd, chance: Chance) -> None:
    """What waits for one notifier is told, or some of it is."""
    for name in fleet.state.notifiers:
        for number in sorted({row.incident for row in fleet.state.notices.values() if row.notifier == name}):
            if chance.toss(0.8):
                _deliver(fleet, name, number, dead=chance.toss(chance.refused))


def _deliver(fleet: Crowd, name: str, number: int, *, dead: bool = False) -> None:
    rows = tuple(row.id for row in fleet.state.waiting.of(name, number))
    if dead:
        fleet.give(Delivered(rows, dead="it is too long"))
        return
    told = fleet.state.incidents[number]
    fleet.give(Delivered(rows, Receipt(name, number, "message"), told=told))


DO: dict[str, Callable[[Crowd, Chance], Any]] = {
    "sees": _sees,
    "passes": lambda fleet, chance: fleet.passes(chance.seconds()),
    "jumps": _jumps,
    "acknowledges": lambda fleet, chance: fleet.give(Acknowledge(chance.incident(fleet), OLGA, "")),
    "assigns": lambda fleet, chance: fleet.give(AssignAsked(chance.incident(fleet), OLGA, OTTO)),
    "notes": lambda fleet, chance: fleet.give(NoteAsked(chance.incident(fleet), OTTO, "noted")),
    "resolves": lambda fleet, chance: fleet.give(ResolveAsked(chance.incident(fleet), OLGA, "over")),
    "silences": _silences,
    "silences_incident": _silences_incident,
    "unsilences": _unsilences,
    "deploys": lambda fleet, chance: fleet.give(DeployAsked(chance.name(), "v2", 60.0, OTTO)),
    "delivers": _delivers,
    "rebuilds": lambda fleet, _: fleet.rebuild(),
}


@pytest.mark.parametrize("begin", range(0, 120, 20))
def test_whatever_happens_each_alert_is_told_once_or_muted_and_in_the_end_all_is_calm(begin: int) -> None:
    for seed in range(begin, begin + 20):
        chance = Chance(Random(seed))
        fleet = chance.fleet()
        try:
            for _ in range(LENGTH):
                DO[chance.random.choice(chance.verbs)](fleet, chance)
            for name in NAMES:
                for check in (GRAVE, MILD):
                    fleet.sees(name, check, well=True)
            fleet.passes(DAY)
            while fleet.state.notices:
                row = next(iter(fleet.state.notices.values()))
                _deliver(fleet, row.notifier, row.incident)
            fleet.passes(LONGEST)
            fleet.is_calm()
        except AssertionError as broken:
            broken.add_note(f"in the story of seed {seed}")
            raise
