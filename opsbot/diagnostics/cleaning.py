"""Text as it was found becomes text that may be given away: readable, bounded, without secrets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from opsbot import redact
from opsbot.diagnostics.base import Piece
from opsbot.text import ELLIPSIS, clamp, readable

MOST = 1_048_576
"""Characters of one part."""

LINE = 16 * 1024
"""Characters of one line that are kept."""

SHORTEST, AT_MOST = 8, 300
"""Characters of a value that is hidden wherever it stands, and how many such values."""


def cleaned(file: str, text: str, *, tail: bool = False, most: int = MOST) -> Piece:
    """The part without secrets. Cut at a line's end first, so that a part of a secret that is known by its
    shape is not left; then made readable, for nobody sees a secret that is written with what is not seen."""
    text, note = _bounded(text, most, tail)
    hidden: Counter[str] = Counter()
    lines = "".join(redact.stream(_readable(text), hidden)).split("\n")
    data = "\n".join(clamp(line, LINE) for line in lines).encode("utf-8", "replace")
    return Piece(file, data, dict(hidden), note=note)


def _readable(text: str) -> Iterator[str]:
    return (readable(line) for line in text.splitlines(keepends=True))


def _bounded(text: str, most: int, tail: bool) -> tuple[str, str]:
    if len(text) <= most:
        return text, ""
    if tail:
        kept = text[-most:].partition("\n")[2]
        return f"{ELLIPSIS}\n{kept}", f"the last {len(kept):,} of {len(text):,} characters"
    kept = text[:most].rpartition("\n")[0]
    return f"{kept}\n{ELLIPSIS}\n", f"the first {len(kept):,} of {len(text):,} characters"


def secrets_named_in(texts: Iterable[str], environment: Iterable[tuple[str, str]]) -> set[str]:
    """What is called a secret in one place, to be hidden in all of them."""
    found = {value for name, value in environment if redact.is_secret_name(name) and len(value) >= SHORTEST}
    for text in texts:
        found |= redact.called_secret(readable(text), SHORTEST)
    return set(sorted(found)[:AT_MOST])
