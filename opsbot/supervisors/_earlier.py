"""A process that runs on as its target was configured before: remembered until it has ended.

While one lives that the target's present supervisor does not know (the target had another kind of supervisor,
another unit or container), nothing is started beside it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from opsbot.domain.process import Exit, Holder, ProcessId, Running
from opsbot.errors import SupervisorError
from opsbot.supervisors import _proc
from opsbot.supervisors.base import Look, Supervisor

NAME = "earlier"
"""Name of the file in the target's folder."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """`was`: digest of the supervisor's settings under which it was started; `text`: what is said of it;
    `apart`: the present supervisor does not know it for the target."""

    process: ProcessId
    was: str
    text: str
    apart: bool = False


def read(directory: Path, boot_id: str) -> Earlier | None:
    """The process that runs on, None when none does."""
    try:
        entry = json.loads((directory / NAME).read_bytes())
        found = Earlier(ProcessId(**entry.pop("process")), **entry)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if _proc.alive(found.process, boot_id) else None


def write(directory: Path, earlier: Earlier) -> None:
    """Remembers it. A full disk costs the remark; a process that the kind knows is found all the same."""
    fresh = directory / f"{NAME}.new"
    with suppress(OSError):
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(asdict(earlier), file)
        fresh.replace(directory / NAME)


def forget(directory: Path) -> None:
    """It runs as it is configured now, or runs no more."""
    with suppress(OSError):
        (directory / NAME).unlink(missing_ok=True)


class Careful:
    """A supervisor that starts nothing while such a process lives."""

    def __init__(self, inner: Supervisor, directory: Path, boot_id: str) -> None:
        self._inner, self._directory, self._boot_id = inner, directory, boot_id

    def _beside(self) -> Earlier | None:
        found = read(self._directory, self._boot_id)
        return found if found is not None and found.apart else None

    async def find(self) -> Look:
        look = await self._inner.find()
        earlier = None if look.running else self._beside()
        if earlier is None or earlier.process in [process for process, _ in look.candidates]:
            return look
        return replace(look, candidates=(*look.candidates, (earlier.process, earlier.text)))

    async def start(self, generation: int) -> Running:
        earlier = self._beside()
        if earlier is not None and not (await self._inner.find()).running:
            raise SupervisorError(f"Not started: {earlier.text}.", permanent=True)
        return await self._inner.start(generation)

    async def adopt(self, process: ProcessId) -> Running:
        return await self._inner.adopt(process)

    async def stop(self, running: Running, grace: float) -> Exit:
        return await self._inner.stop(running, grace)

    async def forestall(self) -> None:
        await self._inner.forestall()

    async def wait_exit(self, running: Running) -> Exit:
        return await self._inner.wait_exit(running)

    async def tail(self, lines: int) -> list[str]:
        return await self._inner.tail(lines)

    async def port_holder(self, port: int) -> Holder | None:
        holder, earlier = await self._inner.port_holder(port), self._beside()
        if holder is not None and earlier is not None and holder.pid == earlier.process.pid:
            raise SupervisorError(f"Not started: {earlier.text}.", permanent=True)
        return holder

    async def sweep(self, ports: Sequence[int] = ()) -> int:
        return await self._inner.sweep(ports)

    def own_log(self) -> Path | None:
        return self._inner.own_log()

    async def close(self) -> None:
        await self._inner.close()
