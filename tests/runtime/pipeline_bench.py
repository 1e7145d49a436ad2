"""A pipeline alone, over a store that can be slow or refuse."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

from opsbot.domain.action import Action
from opsbot.domain.change import Change
from opsbot.domain.levels import Outcome
from opsbot.domain.rule import RestartPolicy
from opsbot.engine.draft import Effect
from opsbot.engine.inputs import SampleSeen
from opsbot.engine.state import State
from opsbot.runtime.pipeline import Pipeline
from opsbot.testing.clock import VirtualClock
from opsbot.testing.store import MemoryState
from tests.engine.drive import target
from tests.runtime.at_work import at_work
from tests.runtime.rig import ALL, NAME, sample


class SlowStore(MemoryState):
    """Takes its time over each commit, and notes what memory was meanwhile."""

    def __init__(self, clock: VirtualClock, seconds: float = 0.0) -> None:
        super().__init__(clock)
        self.clock, self.seconds = clock, seconds
        self.state: State | None = None
        self.incidents_meanwhile: list[int] = []
        self.broken: list[Exception] = []

    async def commit(self, changes: Sequence[Change]) -> None:
        if self.broken:
            raise self.broken.pop(0)
        await self.clock.sleep(self.seconds)
        if self.state is not None:
            self.incidents_meanwhile.append(len(self.state.incidents))
        await super().commit(changes)


class Bench:
    """A pipeline alone, over a store that can be slow."""

    def __init__(self, seconds: float = 0.0, policy: RestartPolicy | None = None) -> None:
        self.clock = VirtualClock()
        self.store = SlowStore(self.clock, seconds)
        self.state = State.of([target(policy)], {"ops": ALL})
        self.store.state = self.state
        self.pipeline = Pipeline(self.state, self.store, self.clock)
        self.told: list[tuple[Sequence[Change], Sequence[Effect]]] = []
        self.pipeline.listen(lambda changes, effects: self.told.append((changes, effects)))

    @property
    def actions(self) -> list[Action]:
        return [c for changes, _ in self.told for c in changes if isinstance(c, Action)]

    async def see(self, check: str, outcome: Outcome, **metrics: float) -> None:
        await self.pipeline.post(SampleSeen(sample(check, outcome, self.clock, **metrics)))
        await self.clock.settle()

    async def down(self) -> None:
        """Nobody runs it, and the supervisor has said so."""
        self.state.known[NAME].looked = True
        await self.see("process", Outcome.FAIL)

    def working(self) -> AbstractAsyncContextManager[None]:
        return at_work(self.pipeline, self.clock)
