"""A log that is being set aside is not read meanwhile, and read on at the right place afterwards."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Protocol


class Gate:
    """Lets readers pass, unless somebody holds it."""

    def __init__(self) -> None:
        self._holders = 0
        self._open = asyncio.Event()

    @property
    def held(self) -> bool:
        """Whether readers have to wait."""
        return self._holders > 0

    def hold(self) -> None:
        """Readers wait from now on; as often as it is held it must be released."""
        self._holders += 1
        self._open.clear()

    def release(self) -> None:
        """Readers may pass again."""
        self._holders -= 1
        if not self._holders:
            self._open.set()

    async def opened(self) -> None:
        """Returns when nobody holds it."""
        while self._holders:
            await self._open.wait()


class Reader(Protocol):
    """Who reads a log."""

    gate: Gate

    async def catch_up(self) -> None:
        """Reads up to the end, held or not."""

    def cut(self, bytes_: int, copy: int) -> None:
        """The head of its file was cut off."""


class Still:
    """Holds the readers of one log; as a `Stillness` of `opsbot.rotation.base` it moves them."""

    def __init__(self, path: Path) -> None:
        self._place = _place(path)
        self._readers: list[Reader] = []

    def covers(self, path: Path) -> bool:
        """Whether a path is this log, also by another spelling of its folder."""
        return _place(path) == self._place

    def add(self, reader: Reader) -> None:
        """Holds one more."""
        reader.gate.hold()
        self._readers.append(reader)

    async def catch_up(self) -> None:
        """All read up to the end."""
        for reader in list(self._readers):
            await reader.catch_up()

    def cut(self, bytes_: int, copy: int = -1) -> None:
        """So many bytes were cut off the head of the file; see `Stillness`."""
        for reader in self._readers:
            reader.cut(bytes_, copy)

    def end(self) -> None:
        """Readers go on."""
        for reader in self._readers:
            reader.gate.release()
        self._readers.clear()


def _place(path: Path) -> Path:
    return path.parent.resolve() / path.name
