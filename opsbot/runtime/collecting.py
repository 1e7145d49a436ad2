"""Collects the parts one after the other, each within its time. One that fails is named, the rest goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from opsbot.clock import Clock
from opsbot.diagnostics.base import NotCollected, Piece, Source
from opsbot.diagnostics.cleaner import clean
from opsbot.diagnostics.threads import Threads
from opsbot.domain.diagnostics import PartLine, PartState
from opsbot.errors import OpsbotError
from opsbot.runtime.waiting import within
from opsbot.text import bytes_text, one_line

MOST_PICTURE = 4 * 1_048_576
"""Bytes of a picture."""

CLEANING = 30.0
"""Seconds that taking the secrets out of a part may take."""

_REASON = 200

Tell = Callable[[PartLine], None]

log = structlog.get_logger("opsbot.diagnostics")


async def collect(sources: Sequence[Source], threads: Threads, clock: Clock, tell: Tell) -> list[Piece]:
    """All of them, in order. `tell`: each time that one changes."""
    return [await _one(source, threads, clock, tell) for source in sources]


async def _one(source: Source, threads: Threads, clock: Clock, tell: Tell) -> Piece:
    line = PartLine(source.file, source.title, PartState.RUNNING)
    tell(line)
    began = clock.now()
    try:
        piece = await _cleaned(source, threads, clock)
    except TimeoutError:
        piece = Piece(source.file, why=f"it took longer than {source.seconds:g} s")
    except OpsbotError as error:
        piece = Piece(source.file, why=one_line(str(error), _REASON).rstrip("."))
    except Exception as broken:  # one part less, and it is said
        log.warning("a part of a bundle broke", part=source.file, exc_info=True)
        piece = Piece(source.file, why=one_line(f"{type(broken).__name__}: {broken}", _REASON))
    piece = replace(piece, seconds=clock.now().since(began))
    state = PartState.FAILED if piece.why else PartState.DONE
    hidden = sum(piece.hidden.values())
    tell(replace(line, state=state, size=len(piece.data), hidden=hidden, why=piece.why))
    return piece


async def _cleaned(source: Source, threads: Threads, clock: Clock) -> Piece:
    found = await within(_found(source), clock, source.seconds)
    if isinstance(found, bytes):
        if len(found) > MOST_PICTURE:
            raise NotCollected(f"it has {bytes_text(len(found))}, more than {bytes_text(MOST_PICTURE)}")
        return Piece(source.file, found)
    return await within(clean(source.file, found, threads, tail=source.tail), clock, CLEANING)


async def _found(source: Source) -> str | bytes:
    return await source.collect()
