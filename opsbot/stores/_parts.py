"""How values lie in metrics.db: bytes out of columns, and back.

A row of `raw` or `minutes` is one or more *parts*, one after the other in the order in which they came: what
arrives late for an hour that is packed already is put behind it, and nothing is unpacked for that. Numbers
are little-endian; within a part the first bytes of all numbers stand together, then the second ones, … ("byte
shuffle", as in Blosc), since those are alike; then zlib.
"""

from __future__ import annotations

import struct
import sys
import zlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise
from operator import sub
from typing import Any

from opsbot.stores._columns import HOUR_MS, MINUTE_MS, Columns

LEVEL = 6
"""Of zlib: 1 is a tenth larger and hardly faster, 9 no smaller."""

_RAW = struct.Struct("<IId")
"""Of a part of `raw`: packed bytes, values, and the value that came before them (NaN: none did)."""

_MINUTES = struct.Struct("<II")
"""Of a part of `minutes`: packed bytes, minutes."""

_TIME_BYTES, _VALUE_BYTES = 4, 8


@dataclass(frozen=True, slots=True)
class RawPart:
    """Values in the order of arrival: milliseconds since 1970 UTC, numbers, and the value before them."""

    times: array[int]
    values: array[float]
    before: float


# -- recent rows: times, then values, the metrics of one sample together; not packed


def hot_bytes(offsets: array[int], values: array[float]) -> bytes:
    """Samples of one set of metrics: milliseconds since the hour's begin (`array("I")`), and all values."""
    return _to_bytes(offsets) + _to_bytes(values)


def hot_columns(data: bytes, width: int) -> tuple[array[int], array[float]]:
    """What `hot_bytes` was given, of `width` metrics."""
    count = len(data) // (_TIME_BYTES + _VALUE_BYTES * width)
    cut = count * _TIME_BYTES
    return _from_bytes("I", data[:cut]), _from_bytes("d", data[cut:])


# -- packed parts


def raw_bytes(part: RawPart, hour: int) -> bytes:
    """One part of a row of `raw`; `hour`: since 1970 UTC."""
    offsets = array("i", [at - hour * HOUR_MS for at in part.times])
    steps = array("i", offsets[:1])
    steps.extend(map(sub, offsets[1:], offsets))
    packed = zlib.compress(_shuffled(steps) + _shuffled(part.values), LEVEL)
    return _RAW.pack(len(packed), len(offsets), part.before) + packed


def raw_parts(data: bytes, hour: int) -> Iterator[RawPart]:
    """The parts of a row of `raw`. What is damaged is passed over."""
    at = 0
    while at + _RAW.size <= len(data):
        size, count, before = _RAW.unpack_from(data, at)
        at += _RAW.size
        plain = _plain(data[at : at + size], count * (_TIME_BYTES + _VALUE_BYTES))
        at += size
        if plain is not None:
            cut = count * _TIME_BYTES
            steps = _unshuffled("i", plain[:cut])
            times = array("q", accumulate(steps, initial=hour * HOUR_MS))[1:]
            yield RawPart(times, _unshuffled("d", plain[cut:]), before)


def minute_bytes(columns: Columns, hour: int) -> bytes:
    """One part of a row of `minutes`: ordered spans of a minute, all of one hour."""
    places = bytes([(wall - hour * HOUR_MS) // MINUTE_MS for wall in columns.wall])
    numbers = (columns.low, columns.high, columns.total, columns.last)
    counts = array("I", columns.count)
    packed = zlib.compress(places + _shuffled(counts) + b"".join(map(_shuffled, numbers)), LEVEL)
    return _MINUTES.pack(len(packed), len(columns)) + packed


def minute_columns(data: bytes, hour: int) -> Columns:
    """All spans of a row of `minutes`, in the order in which their parts came."""
    found, at = Columns(), 0
    while at + _MINUTES.size <= len(data):
        size, count = _MINUTES.unpack_from(data, at)
        at += _MINUTES.size
        plain = _plain(data[at : at + size], count * (1 + _TIME_BYTES + 4 * _VALUE_BYTES))
        at += size
        if plain is not None:
            found.extend(_minutes(plain, count, hour))
    return found


def _minutes(plain: bytes, count: int, hour: int) -> Columns:
    begin = count * (1 + _TIME_BYTES)
    ends = [begin + n * count * _VALUE_BYTES for n in range(5)]
    low, high, total, last = (_unshuffled("d", plain[a:b]) for a, b in pairwise(ends))
    wall = array("q", [hour * HOUR_MS + place * MINUTE_MS for place in plain[:count]])
    return Columns(wall, low, high, total, last, array("q", _unshuffled("I", plain[count:begin])))


def _plain(packed: bytes, size: int) -> bytes | None:
    try:
        plain = zlib.decompress(packed)
    except zlib.error:
        return None
    return plain if len(plain) == size else None


def _shuffled(numbers: array[int] | array[float]) -> bytes:
    data, width = _to_bytes(numbers), numbers.itemsize
    return b"".join([data[n::width] for n in range(width)])


def _unshuffled(code: str, data: bytes) -> array[Any]:
    width = _VALUE_BYTES if code == "d" else _TIME_BYTES
    plain, count = bytearray(len(data)), len(data) // width
    for n in range(width):
        plain[n::width] = data[n * count : (n + 1) * count]
    return _from_bytes(code, bytes(plain))


def _to_bytes(numbers: array[int] | array[float]) -> bytes:
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers.tobytes()


def _from_bytes(code: str, data: bytes) -> array[Any]:
    numbers: array[Any] = array(code, data)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
