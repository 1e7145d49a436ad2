"""The text of a file in whole lines, piece by piece, from where a window begins."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from typing import IO

from opsbot.analysis.budget import Budget
from opsbot.analysis.sources import Source
from opsbot.logs._lines import LineCutter, readable
from opsbot.logs.feed import Format
from opsbot.logs.sparse import first_data

PIECE = 256 * 1024
"""Bytes read at once: one search of them takes less than a millisecond, in which no other thread runs."""

LOOK = 64 * 1024
"""Bytes in which a line with a time is looked for, when the beginning of a window is."""


class Damaged(Exception):
    """An archive that cannot be unpacked to its end; the message says why, in a few words."""


def pieces(source: Source, log_format: Format, since: float | None, budget: Budget) -> Iterator[bytes]:
    """Whole lines, valid UTF-8, each ended by a newline.

    Raises:
        Damaged: the archive is; what could be unpacked was given.
        Spent, Cancelled: see `Budget`.
    """
    with os.fdopen(os.dup(source.descriptor), "rb") as file:
        start = 0 if source.packed else _start(source, log_format, since, budget)
        cutter = LineCutter(inside_line=start > 0 and _within_line(file, start))
        file.seek(start)
        told = start
        for data in _unpacked(file) if source.packed else _plain(file, source):
            place = file.tell()
            budget.spend(len(data), place - told)
            told = place
            if ready := cutter.feed(data):
                yield readable(ready)
        if last := cutter.finish():
            yield readable(last)


def last_lines(source: Source, wanted: int, budget: Budget) -> list[bytes]:
    """The last lines of a file that is not packed, read from its end."""
    end, data = source.size, b""
    while end > 0 and data.count(b"\n") <= wanted:
        begin = max(0, end - PIECE)
        budget.spend(end - begin, end - begin)
        data = os.pread(source.descriptor, end - begin, begin) + data
        end = begin
    cutter = LineCutter(inside_line=end > 0)
    whole = readable(cutter.feed(data.lstrip(b"\0")) + cutter.finish())
    return whole.split(b"\n")[:-1][-wanted:]


def _plain(file: IO[bytes], source: Source) -> Iterator[bytes]:
    """Up to the end that it had at first: a log that grows faster than it is read would have none."""
    while (left := source.size - file.tell()) > 0 and (data := file.read(min(PIECE, left))):
        yield data


def _unpacked(file: IO[bytes]) -> Iterator[bytes]:
    try:
        with gzip.GzipFile(fileobj=file) as unpacked:
            while data := unpacked.read(PIECE):
                yield data
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise Damaged("it is damaged or was cut off") from None


def _start(source: Source, log_format: Format, since: float | None, budget: Budget) -> int:
    """Where to begin: behind a hole, not before the window, and with no more before the end than may be read.

    Lines are in the order of time but for some seconds; where no times are found, all is read.
    """
    low = first_data(source.descriptor)
    high = source.size
    if since is not None:
        while high - low > LOOK:
            middle = (low + high) // 2
            at = _time_after(source.descriptor, middle, log_format)
            if at is None:
                break
            low, high = (middle, high) if at < since - 1 else (low, middle)
    return max(low, budget.begin(source.path.name, source.size, low))


def _time_after(descriptor: int, offset: int, log_format: Format) -> float | None:
    """When the first line after `offset` that has a time was written."""
    lines = os.pread(descriptor, LOOK, offset).split(b"\n")[1:]
    times = (log_format.parse(line[:1000]).wall for line in lines)
    return next((at for at in times if at is not None), None)


def _within_line(file: IO[bytes], offset: int) -> bool:
    return os.pread(file.fileno(), 1, offset - 1) not in (b"\n", b"\0")
