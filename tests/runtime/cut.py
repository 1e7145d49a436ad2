"""opsbot ended at a chosen moment, as kill -9 ends it: between any two things it does to the world."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from opsbot.domain.change import Change
from opsbot.domain.process import Exit, Holder, ProcessId, Running
from opsbot.stores.base import Batch
from opsbot.supervisors.base import Look
from opsbot.testing.store import MemoryState
from opsbot.testing.supervisor import FakeSupervisor
from tests.runtime.rig import World

T = TypeVar("T")


@dataclass
class Cut:
    """Counts moments before and after everything that reaches the world, once it is `armed`; at moment
    number `at` everything stands still for good. `names`: the moments so far."""

    at: int
    armed: bool = False
    names: list[str] = field(default_factory=list)
    happened: asyncio.Event = field(default_factory=asyncio.Event)

    async def around(self, name: str, work: Coroutine[Any, Any, T]) -> T:
        try:
            await self._moment(f"before {name}")
        except asyncio.CancelledError:
            work.close()
            raise
        result = await work
        await self._moment(f"after {name}")
        return result

    async def _moment(self, name: str) -> None:
        if self.armed and not self.happened.is_set():
            self.names.append(name)
            if len(self.names) == self.at:
                self.happened.set()
        if self.happened.is_set():
            await asyncio.get_running_loop().create_future()


class CutStore(MemoryState):
    """A store that is cut off."""

    def __init__(self, world: World, cut: Cut) -> None:
        super().__init__(world.clock, world.disk)
        self._cut = cut

    async def commit(self, changes: Sequence[Change]) -> None:
        kinds = "+".join(sorted({type(change).__name__ for change in changes}))
        await self._cut.around(f"commit of {kinds}", super().commit(changes))

    async def write(self, batches: Sequence[Batch]) -> None:
        await super().write(batches)


class CutSupervisor(FakeSupervisor):
    """A supervisor that is cut off; what it did to the host stays done."""

    def __init__(self, world: World, cut: Cut) -> None:
        super().__init__(world.host)
        self._cut = cut

    async def find(self) -> Look:
        return await self._cut.around("find", super().find())

    async def start(self, generation: int) -> Running:
        return await self._cut.around("start", super().start(generation))

    async def stop(self, running: Running, grace: float) -> Exit:
        return await self._cut.around("stop", super().stop(running, grace))

    async def wait_exit(self, running: Running) -> Exit:
        return await self._cut.around("wait_exit", super().wait_exit(running))

    async def port_holder(self, port: int) -> Holder | None:
        return await self._cut.around("port_holder", super().port_holder(port))

    async def adopt(self, process: ProcessId) -> Running:
        return await self._cut.around("adopt", super().adopt(process))
