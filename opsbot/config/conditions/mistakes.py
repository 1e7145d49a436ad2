"""What is wrong with a condition."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ConditionError(Exception):
    """One mistake in a condition: `offset` is the character it stands at, from 0."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class Unknown(ConditionError):
    """A name that no check of any target stands behind."""


def nearest(word: str, known: Iterable[str]) -> str:
    """ "did you mean `x`?" for the nearest known word, or what is known when nothing is near."""
    names = sorted({name for name in known if name})
    near = [name for name in names if name.lower() == word.lower()]
    near = near or difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return f"did you mean `{near[0]}`?"
    if not names:
        return "none is known here."
    shown = ", ".join(f"`{name}`" for name in names[:MAX_SHOWN])
    return f"known are {shown}{' …' if len(names) > MAX_SHOWN else ''}."


MAX_SHOWN = 12
"""Names listed when none is near."""
