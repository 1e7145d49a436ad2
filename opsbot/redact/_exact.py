"""Secrets that were loaded, in every spelling in which they can stand in a text.

A spelling is searched for only where its *needle* is: the longest run of letters and digits, which no
percent-encoding, JSON or HTML changes. Searching for a fixed text costs next to nothing, so a text without
secrets costs little however many are known.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property

from opsbot.redact._lazy import Lazy
from opsbot.redact._spans import Span

KIND = "loaded"

SHORTEST = 4
"""Characters: shorter values are left alone, they would hit innocent text."""

_PLAIN = 8  # characters: shorter ones are hidden as whole words only
_PART = 12  # characters from which a part of a secret is one by itself
_CUT = 8  # characters of a secret's beginning or end that give it away
_CODED = 6  # bytes from which a secret is looked for in hexadecimal, and characters of its Base64

LOGIN = Lazy(r"(?<=://)[^\s/?#@]{1,256}(?=@)")
_HOST = Lazy(r"://(?:[^\s/?#@]*@)?([^\s/?#:]+)")
_RUN = Lazy(r"[A-Za-z0-9]+")
_ELLIPSIS = "…"
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;|&#34;", "'": "&#39;|&#x27;"}


class Spelling:
    """One way to write a secret. `needle` is in every text that it is in."""

    def __init__(self, pattern: str, needle: str) -> None:
        self.needle = needle
        self._pattern = pattern

    @cached_property
    def regex(self) -> re.Pattern[str]:
        """Compiled when it is needed first: mostly never."""
        return re.compile(self._pattern)


class Known:
    """The secrets of the process, each as often as somebody wants it hidden."""

    def __init__(self) -> None:
        self._count: Counter[str] = Counter()
        self._spellings: dict[str, tuple[Spelling, ...]] = {}
        self._cut: tuple[str, ...] = ()

    def add(self, parts: Iterable[str]) -> None:
        """These are hidden once more."""
        self._count.update(parts)
        self._prepare()

    def drop(self, parts: Iterable[str]) -> None:
        """These are hidden once less."""
        self._count.subtract(parts)
        self._prepare()

    def all(self) -> list[str]:
        """Every one that is hidden now."""
        return list(self._spellings)

    def find(self, text: str) -> Iterator[Span]:
        """Where they stand."""
        for spellings in self._spellings.values():
            for spelling in spellings:
                if spelling.needle in text:
                    yield from (Span(*m.span(), KIND) for m in spelling.regex.finditer(text))

    def rests(self, text: str, *, begins: bool = True, ends: bool = True) -> Iterator[Span]:
        """What is left of them before and after a cut ("…"): texts are bounded before they are drawn.
        `begins`, `ends`: whether the text's own begin and end may be cuts too."""
        forms = [form for form in self._cut if form[:_CUT] in text or form[-_CUT:] in text]
        if not forms:
            return
        pieces, at = text.split(_ELLIPSIS), 0
        for number, piece in enumerate(pieces):
            first, last = number == 0, number == len(pieces) - 1
            for form in forms:
                if (ends or not last) and (start := _head_at_end(piece, form)) is not None:
                    yield Span(at + start, at + len(piece), KIND)
                if (begins or not first) and (end := _tail_at_begin(piece, form)) is not None:
                    yield Span(at, at + end, KIND)
            at += len(piece) + 1

    def _prepare(self) -> None:
        wanted = {part for part, count in self._count.items() if count > 0}
        self._spellings = {
            part: self._spellings.get(part) or tuple(_spellings(part)) for part in sorted(wanted)
        }
        self._cut = tuple(part for part in self._spellings if len(part) > _CUT and "://" not in part)


def parts_of(secret: str) -> set[str]:
    """The secret, and every part of it that is one by itself."""
    secret = secret.strip()
    parts = {secret, *(word for word in secret.split() if len(word) >= _PART)}
    if "://" in secret:
        host = _HOST.search(secret)
        words = (part for part in re.split(r"[/?&#=@:]", secret) if len(part) >= _PART)
        parts |= {part for part in words if host is None or part != host[1]}
        parts |= set(LOGIN.findall(secret))
    return {part for part in parts if len(part) >= SHORTEST}


def _spellings(part: str) -> Iterator[Spelling]:
    pattern = "".join(map(_character, part))
    pattern = pattern if len(part) >= _PLAIN else rf"(?<!\w){pattern}(?!\w)"
    yield Spelling(pattern, max(_RUN.findall(part), key=len, default=""))
    data = part.encode("utf-8", "surrogatepass")
    if len(data) >= _CODED:
        for code in (data.hex(), data.hex().upper()):
            yield Spelling(code, code)
    for before in range(3):
        core = _base64_core(data, before)
        if len(core) >= _CODED:
            written = "".join(map(_base64_character, core))
            yield Spelling(
                rf"{written}(?:[\w+/-]?(?:=|%3[Dd]){{1,2}})?", max(_RUN.findall(core), key=len, default="")
            )


def _character(char: str) -> str:
    """A character as it is, percent-encoded (once or twice), as JSON or in HTML."""
    if char.isascii() and char.isalnum():
        return char
    code = char.encode("utf-8", "surrogatepass")
    percent = "".join(f"%(?:25)?{_either_case(f'{byte:02x}')}" for byte in code)
    units = re.findall(r"\\u([0-9a-f]{4})", json.dumps(char)) or [f"{ord(char):04x}"]
    ways = [rf"\\?{re.escape(char)}", percent, "".join(rf"\\u{_either_case(unit)}" for unit in units)]
    if char in "\n\r\t":
        ways.append(re.escape(json.dumps(char)[1:-1]))
    if char == " ":
        ways.append(r"\+")
    if char == "\\":
        ways.insert(0, r"\\\\")
    return f"(?:{'|'.join([*ways, *([_ENTITIES[char]] if char in _ENTITIES else [])])})"


def _either_case(hexadecimal: str) -> str:
    return "".join(f"[{c}{c.upper()}]" if c.isalpha() else c for c in hexadecimal)


def _base64_core(data: bytes, before: int) -> str:
    """The characters that the secret alone decides, with so many bytes before it."""
    code = b64encode(bytes(before) + data).decode().rstrip("=")
    partial = (before + len(data)) % 3  # the last character also holds bits of what comes after
    return code[(0, 2, 3)[before] : len(code) - (1 if partial else 0)]


def _base64_character(char: str) -> str:
    return {"+": "(?:[+-]|%2[Bb])", "/": r"(?:\\?/|_|%2[Ff])"}.get(char, char)


def _head_at_end(piece: str, form: str) -> int | None:
    """Where a secret's beginning stands at the end of a piece."""
    at = piece.rfind(form[:_CUT])
    return at if at >= 0 and form.startswith(piece[at:]) else None


def _tail_at_begin(piece: str, form: str) -> int | None:
    """Where a secret's end stops that stands at the beginning of a piece."""
    at = piece.find(form[-_CUT:])
    return at + _CUT if at >= 0 and form.endswith(piece[: at + _CUT]) else None
