"""metrics.db: the history of samples on SQLite, best effort."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from opsbot.clock import Clock
from opsbot.domain.sample import Sample
from opsbot.domain.series import HOUR, Keep, Series
from opsbot.stores import _metrics_pack, _metrics_prune, _metrics_read, _metrics_write
from opsbot.stores._columns import MS
from opsbot.stores._database import Database
from opsbot.stores._file import FilePlan
from opsbot.stores._migrations import shipped
from opsbot.stores.base import Point

METRICS_NAME = "metrics.db"

BUSY_SECONDS = 1.0
"""How long another process's lock is waited for."""

PATIENCE_SECONDS = 2.0
"""How long a batch may take before it is given up."""

QUERY_SECONDS = 10.0
"""How long a query over the history may take."""

_CHECK_UP_TO = 64 << 20
"""A greater file is checked whole only after damage was met: 64 MiB take about 0.1 s."""


class SqliteMetrics:
    """One file, one connection, WAL, synchronous=NORMAL: a power cut may cost the last batches, not the file.

    Times are kept to the millisecond; of two values of a metric in one millisecond the later one stays.
    A batch goes to `recent` as it is; `pack` moves hours that are over to `raw`, packed, and rolls them up in
    `minutes` and `hours`.
    """

    def __init__(
        self,
        path: Path,
        clock: Clock,
        *,
        busy: float = BUSY_SECONDS,
        patience: float = PATIENCE_SECONDS,
        read_only: bool = False,
    ) -> None:
        plan = FilePlan(path, shipped("metrics"), "NORMAL", busy, _CHECK_UP_TO)
        self._database = Database(plan, clock, patience=patience, read_only=read_only)

    @property
    def quarantined(self) -> Path | None:
        return self._database.quarantined

    async def append(self, samples: Sequence[Sample]) -> None:
        await self._database.write(partial(_metrics_write.append, samples=samples))

    async def series(self, target: str, metric: str, since: float, until: float) -> list[Point]:
        query = partial(
            _metrics_read.values, target=target, metric=metric, since=_ms(since), until=_ms(until)
        )
        return await self._database.read(query, QUERY_SECONDS)

    async def buckets(self, target: str, metric: str, since: float, until: float, most: int) -> Series:
        span = _ms(since), _ms(until)
        query = partial(_metrics_read.series, target=target, metric=metric, span=span, most=most)
        return await self._database.read(query, QUERY_SECONDS)

    async def names(self, target: str) -> list[str]:
        return await self._database.read(partial(_metrics_read.names, target=target), QUERY_SECONDS)

    async def rename(self, old: str, new: str) -> None:
        await self._database.write(partial(_metrics_write.rename, old=old, new=new))

    async def pack(self, now: float) -> bool:
        return await self._database.write(partial(_metrics_pack.pack, now=_ms(now)))

    async def prune(self, now: float, keep: Keep) -> int:
        pruned = 0
        for table, seconds in zip(_metrics_prune.TABLES, (keep.raw, keep.minute, keep.hour), strict=True):
            before = int((now - seconds) // HOUR)
            work = partial(_metrics_prune.prune, table=table, before=before)
            while count := await self._database.write(work):
                pruned += count
        longest = max(keep.raw, keep.minute, keep.hour)
        forget = partial(_metrics_prune.prune_names, before=int((now - longest) // HOUR))
        await self._database.write(forget)
        return pruned

    async def shrink(self, most_bytes: int) -> float | None:
        gone = None
        work = partial(_metrics_prune.shrink, most_bytes=most_bytes)
        while removed := await self._database.write(work):
            table, hour = removed
            if table == "raw":
                gone = float((hour + 1) * HOUR)
        return gone

    async def close(self) -> None:
        await self._database.close()


def _ms(seconds: float) -> int:
    return round(seconds * MS)
