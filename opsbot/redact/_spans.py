"""Places in a text, and what becomes of the text when they are hidden."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

HIDDEN = "•••"
"""Stands where a secret stood."""


class Span(NamedTuple):
    """A secret's place: `text[start:end]`. `kind`: what it is, in a word or two."""

    start: int
    end: int
    kind: str


def merged(spans: Iterable[Span]) -> list[Span]:
    """In order, those that overlap as one; the one that begins first, or is longer, gives its kind."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.start, -s.end)):
        if span.start >= span.end:
            continue
        if found and span.start < found[-1].end:
            found[-1] = found[-1]._replace(end=max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def without(text: str, spans: Iterable[Span]) -> str:
    """The text with `HIDDEN` at each place; the places are in order and apart."""
    return "".join(_pieces(text, spans))


def _pieces(text: str, spans: Iterable[Span]) -> Iterator[str]:
    at = 0
    for span in spans:
        yield text[at : span.start]
        yield HIDDEN
        at = span.end
    yield text[at:]
