"""Everything that is to be hidden in a text."""

from __future__ import annotations

import string
from functools import partial

from opsbot.redact import _encoded, _exact, _keys, _named, _shapes
from opsbot.redact._spans import Span, merged

_DEEP = 2
"""Encodings in one another that are looked into."""

_SMALL = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)

known = _exact.Known()
"""What was loaded is a fact about the process; hence one for all."""


def find(text: str, deep: int = _DEEP) -> list[Span]:
    """Where there are secrets: in order, and apart."""
    lowered = _small(text)
    spans = [*known.find(text), *_shapes.find(text, lowered), *_keys.find(text)]
    spans += _named.find(text, lowered)
    if deep:
        spans += _encoded.find(text, partial(find, deep=deep - 1))
    return merged(spans)


def named(text: str) -> list[str]:
    """The values that are secret because of the name before them."""
    return [text[span.start : span.end] for span in _named.find(text, _small(text))]


def _small(text: str) -> str:
    lowered = text.lower()
    if len(lowered) != len(text):  # a letter became two, and the places would not fit any more
        return text.translate(_SMALL)
    return lowered
