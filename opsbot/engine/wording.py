"""Numbers and durations as people read them, the same everywhere."""

from __future__ import annotations

from math import isfinite
from textwrap import shorten

UNKNOWN = "unknown"
"""What stands where a value is missing."""

_WHOLE_BELOW = 1e15  # above it a float's digits are noise
_MOST_DIGITS = 6


def first_line(text: str, limit: int) -> str:
    """The first line of a text, at most `limit` characters; cut between two words, it ends with `…`."""
    return shorten(text.partition("\n")[0], limit, placeholder=" …")


def number(value: float | None) -> str:
    """`91.2`, `85`, `0.042`, `1235`: as many digits as help; `unknown` for none and for not finite."""
    if value is None or not isfinite(value):
        return UNKNOWN
    size = abs(value)
    if size >= _WHOLE_BELOW:
        return f"{value:.3g}"
    if value == int(value):
        return str(int(value))
    if size < 0.01:
        return f"{value:.2g}"
    return _trimmed(value, 0 if size >= 1000 else 1 if size >= 1 else 3)


def quantity(value: float | None, unit: str) -> str:
    """`91.2%`, `7/min`, `89 MB`; the bare number without a unit or without a value."""
    return _with_unit(number(value), unit)


def beside(value: float, limit: float, unit: str) -> tuple[str, str]:
    """Both as quantities, with enough digits to tell them apart: never `85% > 85%`."""
    left, right = number(value), number(limit)
    digits = 2
    while left == right and value != limit and digits <= _MOST_DIGITS:
        left, right = _trimmed(value, digits), _trimmed(limit, digits)
        digits += 1
    if left == right and value != limit:
        left, right = repr(value), repr(limit)
    return _with_unit(left, unit), _with_unit(right, unit)


def span(seconds: float) -> str:
    """`45 s`, `5 min`, `90 min`, `24 h`: a duration in its largest unit that leaves a short number."""
    for size, unit in ((7200.0, "h"), (120.0, "min")):
        if seconds >= size:
            return f"{number(seconds / (size / 2))} {unit}"
    return f"{number(seconds)} s"


def _trimmed(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _with_unit(text: str, unit: str) -> str:
    if not unit or text == UNKNOWN:
        return text
    return f"{text}{unit}" if unit[0] in "%/" else f"{text} {unit}"
