"""The parts of a scripted `Operations`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from opsbot.clock import Clock
from opsbot.domain.incident import Incident
from opsbot.testing.asked.bundles import FakeBundles
from opsbot.testing.asked.memory import FakeMemory
from opsbot.testing.asked.mutes import FakeMutes
from opsbot.testing.asked.people import FakePeople
from opsbot.testing.asked.walks import FakeWalks


@dataclass(slots=True)
class FakeParts:
    """One fake for each part of the port."""

    people: FakePeople = field(init=False)
    mutes: FakeMutes = field(init=False)
    memory: FakeMemory = field(init=False)
    walks: FakeWalks = field(init=False)
    bundles: FakeBundles = field(init=False)

    def make_parts(self, clock: Clock, note: Callable[..., None], known: dict[int, Incident]) -> None:
        """`note`: is told each question; `known`: the incidents there are."""
        self.people = FakePeople(clock, note, known)
        self.mutes = FakeMutes(clock, note)
        self.memory = FakeMemory(clock, note, known)
        self.walks = FakeWalks(clock, note)
        self.bundles = FakeBundles(clock, note)
