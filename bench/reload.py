"""How long a reload takes, and for how long nobody decides meanwhile: `python -m bench reload`.

opsbot and the service are real, without Discord; a threshold is changed again and again. The gap is the time
in which questions wait, which is also the time in which nothing is watched.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.discord import Discord
from bench.idle import ids_of
from bench.stats import Row, percentile
from opsbot.app import serve, stop_targets
from opsbot.clock import SystemClock
from opsbot.config.load import load
from opsbot.demo.scene import scene
from opsbot.domain.actor import AUTO
from opsbot.domain.reload import Outcome
from opsbot.runtime.core import Runtime
from opsbot.runtime.relay import Relay
from opsbot.session import Session

RUNS = 40
MS = 1000.0


@contextmanager
def timed(gaps: list[float]) -> Iterator[None]:
    """Every relay tells how long it was closed."""
    closed = Relay.closed

    @contextmanager
    def closed_for(relay: Relay) -> Iterator[None]:
        began = time.perf_counter()
        with closed(relay):
            yield
        gaps.append(time.perf_counter() - began)

    Relay.closed = closed_for  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        Relay.closed = closed  # type: ignore[method-assign]


class Asking(Session):
    """A session that reloads instead of logging in."""

    def __init__(self, file: Path, walls: list[float]) -> None:
        super().__init__(load(file, {}), SystemClock())
        self._file, self._walls = file, walls
        self.over = asyncio.Event()

    async def run(self, _: Runtime) -> None:
        await asyncio.sleep(3.0)  # the service is up and has been looked at
        text = self._file.read_text()
        for number in range(RUNS):
            self._file.write_text(text.replace("rss > 60MB", f"rss > {61 + number}MB"))
            began = time.perf_counter()
            report = await self.operations.reload(AUTO)
            self._walls.append(time.perf_counter() - began)
            assert report.outcome is Outcome.APPLIED, report
        self.over.set()


def rows(discord: Discord, folder: Path) -> list[Row]:
    """Rows of this bench."""
    stage = scene(folder, ids_of(discord), discord.facts["token"])
    file = folder / "opsbot.yml"
    head, _, rest = file.read_text().partition("discord:\n")
    file.write_text(f"reload: manual\n{head}{rest[rest.index('targets:') :]}")
    walls: list[float] = []
    gaps: list[float] = []
    try:
        with timed(gaps):
            asyncio.run(_measure(file, walls))
    finally:
        asyncio.run(stop_targets(stage.settings, SystemClock()))
    gap = [percentile(gaps, part) * MS for part in (0.5, 0.95)]
    wall = [percentile(walls, part) * MS for part in (0.5, 0.95)]
    return [
        Row(
            "reload: nothing is watched or decided",
            f"p50 {gap[0]:.0f} ms, p95 {gap[1]:.0f} ms of {len(gaps)}",
            "p95 ≤ 100 ms",
            gap[1] <= 100,
        ),
        Row(
            "reload: asked → in effect",
            f"p50 {wall[0]:.0f} ms, p95 {wall[1]:.0f} ms",
            "p95 ≤ 1 s",
            wall[1] <= 1000,
        ),
    ]


async def _measure(file: Path, walls: list[float]) -> None:
    session = Asking(file, walls)
    serving = asyncio.ensure_future(serve(load(file, {}), session=session, environ={}))
    over = asyncio.ensure_future(session.over.wait())
    await asyncio.wait({serving, over}, return_when=asyncio.FIRST_COMPLETED)
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
