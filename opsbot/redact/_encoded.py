"""Tokens in percent-encoded and Base64 pieces of a text: the piece is read, and looked through like any."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from collections.abc import Callable, Iterator

from opsbot.redact._lazy import Lazy
from opsbot.redact._spans import Span

Look = Callable[[str], list[Span]]
"""Finds what is to be hidden in a decoded piece."""

_PIECE = Lazy(r"[^\s\"'<>`]+")
_ESCAPE = Lazy(r"%([0-7][0-9A-Fa-f])")
_BASE64 = Lazy(r"[A-Za-z0-9+/_-]{20,}(?:={1,2}|(?:%3[Dd]){1,2})?")
_STANDARD = str.maketrans("-_", "+/")
_LEAST = 20  # characters of Base64: what is encoded has at least 15


def find(text: str, look: Look) -> Iterator[Span]:
    """Their places in the text as it is."""
    if "%" in text and _ESCAPE.search(text):
        for piece in _PIECE.finditer(text):
            if "%" in piece[0]:
                yield from _percent(piece[0], piece.start(), look)
    for run in _BASE64.finditer(text):
        yield from _base64(run[0], run.start(), look)


def _percent(piece: str, start: int, look: Look) -> Iterator[Span]:
    plain: list[str] = []
    origin: list[int] = []  # where each decoded character was
    at = 0
    for escape in _ESCAPE.finditer(piece):
        plain += piece[at : escape.start()]
        origin += range(at, escape.start())
        plain.append(chr(int(escape[1], 16)))
        origin.append(escape.start())
        at = escape.end()
    if not at:
        return
    plain += piece[at:]
    origin += range(at, len(piece) + 1)
    for found in look("".join(plain)):
        yield Span(start + origin[found.start], start + origin[found.end], found.kind)


def _base64(run: str, start: int, look: Look) -> Iterator[Span]:
    """The whole run, or those of its parts between slashes (the run may be a path)."""
    if found := _kind_in(run, look):
        yield Span(start, start + len(run), found)
        return
    if "/" not in run:
        return
    at = 0
    for part in run.split("/"):
        if len(part) >= _LEAST and (found := _kind_in(part, look)):
            yield Span(start + at, start + at + len(part), found)
        at += len(part) + 1


def _kind_in(run: str, look: Look) -> str:
    """What kind of secret the run holds, "" for none."""
    code = run.partition("%")[0].rstrip("=").translate(_STANDARD)
    code = code[:-1] if len(code) % 4 == 1 else code
    try:
        plain = b64decode(code + "=" * (-len(code) % 4)).decode("utf-8")
    except (Error, ValueError):
        return ""
    found = look(plain)
    return found[0].kind if found else ""
