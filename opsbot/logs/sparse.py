"""Files with a hole at their head: what a writer that does not append leaves when its log was cut."""

from __future__ import annotations

import errno
import os

_LOOK = 64 * 1024
"""Bytes read at once to get over the zeros of the block in which a hole ends."""

_BLOCK_MAX = 1 << 20
"""A hole ends with a block of the file system; none is bigger."""


def first_data(fd: int) -> int:
    """Where a file's content begins: behind a hole at its head and the zeros that its last block is filled
    up with; the end of the file when there is nothing else. 0 where the file system cannot tell holes."""
    size = os.fstat(fd).st_size
    try:
        start = os.lseek(fd, 0, os.SEEK_DATA)
    except OSError as error:
        if error.errno == errno.ENXIO:
            return size
        start = 0
    return _after_zeros(fd, start)


def _after_zeros(fd: int, start: int) -> int:
    """Not further than a block: more zeros than that were written by somebody."""
    place = start
    while place - start < _BLOCK_MAX and (data := os.pread(fd, _LOOK, place)):
        content = data.lstrip(b"\0")
        place += len(data) - len(content)
        if content:
            break
    return place
