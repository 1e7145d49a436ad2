"""Logs rotated while their service writes as fast as it can: is every line there exactly once?

`python -m bench rotation`; or one kind of writer, `python -m bench.rotation KIND ROTATIONS`.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.discord import Discord
from bench.rotating import Campaign, Outcome
from bench.stats import Row, percentile

ROTATIONS = 20

LOSSLESS = (
    ("stdout", "stdout of a keeper", 50_000),
    ("file", "a FileHandler", 50_000),
    ("watched", "a WatchedFileHandler", 50_000),
    ("overwriting", "a writer without O_APPEND", 0),
)
"""Kinds of writers, what they are, and how fast they have to be."""


def measure(kind: str, folder: Path, rotations: int = ROTATIONS) -> Outcome:
    """A campaign of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    return asyncio.run(Campaign(kind, folder).run(rotations))


def rows(_: Discord, folder: Path) -> list[Row]:
    """For the table."""
    made = [exact_row(*one, folder) for one in LOSSLESS]
    with small_disk(folder / "disk") as disk:
        made += [window_row(disk)] if disk else []
    return made


def exact_row(kind: str, who: str, least: int, folder: Path) -> Row:
    seen = measure(kind, folder / kind)
    ways = "/".join(seen.ways)
    return Row(
        f"{ROTATIONS} rotations ({ways}) under {who} at full speed",
        f"{seen.written:,} lines, {seen.rate:,.0f} a second: {len(seen.gone)} lost, {seen.doubled} doubled, "
        f"{seen.seen:,} counted by opsbot's own follower",
        "each exactly once" + f", ≥ {least:,} a second" * (least > 0),
        seen.exact and seen.rate >= least,
    )


def window_row(disk: Path) -> Row:
    seen = measure("appending", disk / "appending")
    windows = [percentile(seen.windows, part) * 1e6 for part in (0.5, 1.0)]
    return Row(
        f"{ROTATIONS} rotations (truncate) under a writer on tmpfs, which cannot cut",
        f"{seen.written:,} lines, {seen.rate:,.0f} a second: {len(seen.gone)} lost; told windows "
        f"p50 {windows[0]:.0f} µs, most {windows[1]:.0f} µs",
        "nothing lost but in the windows told",
        seen.covered and not seen.doubled,
    )


@contextmanager
def small_disk(folder: Path) -> Iterator[Path | None]:
    """A tmpfs of its own; None where opsbot's user may not mount one."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256m,mode=755", "opsbot-bench", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="opsbot-bench-") as home:
        seen = measure(sys.argv[1], Path(home), int(sys.argv[2]))
        print(seen, dict(seen.ways))
