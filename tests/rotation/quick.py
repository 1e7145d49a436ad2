"""A rotation campaign of `bench` for tests: shorter, and without compressing."""

from __future__ import annotations

from pathlib import Path

from bench.rotating import Campaign
from opsbot.rotation.base import Aside

ROTATIONS = 20
GROWTH = 128 * 1024


class Quick(Campaign):
    """What was set aside is not compressed but taken away at once."""

    def __init__(self, kind: str, folder: Path) -> None:
        super().__init__(kind, folder, GROWTH)
        self.taken: list[bytes] = []

    async def pack(self, aside: Aside) -> None:
        async with self.feeds.still(self.log):  # as a compression begins
            self.taken.append(aside.path.read_bytes())
        aside.path.unlink()

    def contents(self) -> list[bytes]:
        """One that was busy is taken away later: its numbers say where it belongs."""
        return [*sorted(self.taken, key=lambda data: data[data.find(b"\n") :]), self.log.read_bytes()]
