"""What the target said last. The first line of a result says what came of it; the target's lines follow."""

from __future__ import annotations

from opsbot.domain.incident import EntryKind, Incident
from opsbot.text import code_block

QUOTED = 2000
"""Characters of quoted lines: 20 of a usual length, and room for the rest of an embed (6000 in all)."""


def result(detail: str) -> str:
    """A result without the lines that it quotes."""
    return detail.partition("\n")[0]


def quote(detail: str, limit: int = QUOTED) -> str:
    """The lines that a result quotes, the newest when they are too many; empty when there are none."""
    lines = detail.partition("\n")[2]
    return code_block(lines, limit, tail=True) if lines.strip() else ""


def last_words(incident: Incident) -> str:
    """The newest lines that were quoted about what is not over; empty when there are none."""
    done = [entry for entry in incident.timeline if entry.kind is EntryKind.DONE] if incident.live else []
    return next((quoted for entry in reversed(done) if (quoted := quote(entry.text))), "")
