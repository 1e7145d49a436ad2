"""The heartbeats that were heard, as they stand in the state directory: each is known by a digest of its
secret, never by the secret."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from opsbot.domain.heartbeat import Heartbeat
from opsbot.domain.moment import Moment

NAME = "heartbeats.json"
MOST_BYTES = 4 * 2**20
"""What is longer was not written by opsbot."""


@dataclass(frozen=True, slots=True)
class Noted:
    """`at`: when it was written, until then everything was heard."""

    boot_id: str
    at: Moment
    beats: Mapping[str, Heartbeat]


def write(path: Path, noted: Noted) -> None:
    """Writes it whole or not at all. Blocks.

    Raises:
        OSError: it cannot be written.
    """
    fresh = path.with_name(f"{path.name}.new")
    text = json.dumps(
        {
            "version": 1,
            "boot": noted.boot_id,
            "at": asdict(noted.at),
            "beats": {name: asdict(beat) for name, beat in noted.beats.items()},
        }
    )
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(fresh, flags, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def read(path: Path, boot_id: str, now: Moment) -> Noted | None:
    """What was written last, its moments on this boot's clock; None when there is nothing. Blocks.

    Raises:
        OSError: it cannot be read.
        ValueError: it is damaged.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return None
    if len(raw) > MOST_BYTES:
        raise ValueError("too long")
    try:
        found = json.loads(raw)
        noted = Noted(
            str(found["boot"]), _moment(found["at"]), {str(n): _beat(b) for n, b in found["beats"].items()}
        )
    except (KeyError, TypeError, AttributeError, RecursionError) as damage:
        raise ValueError(repr(damage)) from None
    return noted if noted.boot_id == boot_id else _moved(noted, boot_id, now)


def _moved(noted: Noted, boot_id: str, now: Moment) -> Noted:
    """Of another boot: the clock on the wall says how long ago it was."""
    shift = now.mono - max(0.0, now.wall - noted.at.wall) - noted.at.mono

    def moved(moment: Moment) -> Moment:
        return Moment(moment.mono + shift, moment.wall)

    beats = {
        name: replace(
            beat,
            since=moved(beat.since),
            last=beat.last and moved(beat.last),
            began=beat.began and moved(beat.began),
            failed=beat.failed and moved(beat.failed),
        )
        for name, beat in noted.beats.items()
    }
    return Noted(boot_id, moved(noted.at), beats)


def _beat(data: Mapping[str, Any]) -> Heartbeat:
    last, began, failed, run = (data.get(key) for key in ("last", "began", "failed", "run"))
    return Heartbeat(
        _moment(data["since"]),
        last=_moment(last) if last else None,
        began=_moment(began) if began else None,
        run=None if run is None else _number(run),
        failed=_moment(failed) if failed else None,
        text=str(data.get("text", "")),
    )


def _moment(data: Mapping[str, Any]) -> Moment:
    return Moment(_number(data["mono"]), _number(data["wall"]))


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("not a number")
    return float(value)
