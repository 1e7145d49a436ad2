"""opsbot ended at a chosen moment of a rotation or a back-up, and of what `cut.py` knows no moment of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from opsbot.domain.process import Running
from opsbot.rotation.base import Archived, Aside, LogSpec, Plan
from opsbot.testing.rotation import FakeLog, FakeRotator
from tests.runtime.cut import Cut, CutSupervisor
from tests.runtime.rig import World


class CutRotator(FakeRotator):
    """A rotator that is cut off; what it did to the files stays done."""

    def __init__(self, spec: LogSpec, log: FakeLog, cut: Cut) -> None:
        super().__init__(spec, log)
        self._cut = cut

    async def size(self) -> int | None:
        return await self._cut.around("size", super().size())

    async def plan(self) -> Plan:
        return await self._cut.around("plan", super().plan())

    async def set_aside(self, plan: Plan) -> Aside:
        return await self._cut.around("set_aside", super().set_aside(plan))

    async def asides(self) -> list[Aside]:
        return await self._cut.around("asides", super().asides())

    async def compress(self, aside: Aside, progress: Callable[[float], None]) -> Archived:
        return await self._cut.around("compress", super().compress(aside, progress))

    async def prune(self, keep: int | None = None) -> list[Path]:
        return await self._cut.around("prune", super().prune(keep))

    async def backup(self) -> str:
        return await self._cut.around("backup", super().backup())


class CutSweeper(CutSupervisor):
    """A supervisor that is cut off also where it sweeps, forestalls and reads."""

    def __init__(self, world: World, cut: Cut) -> None:
        super().__init__(world, cut)

    async def sweep(self, ports: Sequence[int] = ()) -> int:
        return await self._cut.around("sweep", super().sweep(ports))

    async def forestall(self) -> None:
        await self._cut.around("forestall", super().forestall())

    async def tail(self, lines: int) -> list[str]:
        return await self._cut.around("tail", super().tail(lines))

    async def start(self, generation: int) -> Running:
        """The port is free by now, whoever freed it."""
        assert not self.host.holders, "it was started although its port is held"
        return await super().start(generation)
