"""Patterns of RE2's kind taken apart, as far as they are known here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_DIGITS = frozenset(b"0123456789")
_WORD = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") | _DIGITS
_CLASSES = {"d": _DIGITS, "w": _WORD, "s": frozenset(b"\t\n\f\r ")}
_ASCII = frozenset(range(128))
_NEWLINE = frozenset(b"\n")
_CONTROLS = {"a": 7, "f": 12, "t": 9, "r": 13, "v": 11}
_ALSO = {ord("k"): "\u212a".encode(), ord("s"): "\u017f".encode()}
"""Beyond ASCII there are two more ways to write a letter of ASCII when case does not matter."""

_REPEAT = re.compile(r"\{(\d{1,4})(?:(,)(\d{0,4}))?\}")
_GROUP = re.compile(r"\((?:\?(?:P?<\w+>|([imsU]*)(?:-([imsU]+))?([:)])))?")
_HEX = re.compile(r"x([0-9a-fA-F]{2})")


class Unknown(Exception):
    """The pattern has something that is not known here."""


@dataclass(frozen=True, slots=True)
class Chars:
    """One character: of these of ASCII, any other (`beyond`), or one of `more` (each in UTF-8)."""

    ascii: frozenset[int]
    beyond: bool = False
    more: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Border:
    """`^`, `$` or `\\b`."""

    mark: bytes


@dataclass(frozen=True, slots=True)
class Repeat:
    """`most`: None without a limit."""

    what: Node
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of them."""

    options: tuple[Node, ...]


Node = Chars | Border | Repeat | Sequence | Choice


class Reader:
    """Reads one pattern that RE2 accepts, from left to right. Newlines are left out of every class."""

    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._at = 0

    def read(self) -> Node:
        """The whole pattern.

        Raises:
            Unknown: something in it is not known here.
        """
        node = self._choice(False)
        if self._at < len(self._text):
            raise Unknown
        return node

    def _take(self) -> str:
        if self._at >= len(self._text):
            raise Unknown
        self._at += 1
        return self._text[self._at - 1]

    def _next(self, text: str) -> bool:
        """Whether that comes next; then it is behind us."""
        if not self._text.startswith(text, self._at):
            return False
        self._at += len(text)
        return True

    def _choice(self, fold: bool) -> Node:
        """Up to the end of the group. `fold`: letter case does not matter."""
        options: list[Node] = []
        parts: list[Node] = []
        while self._at < len(self._text) and self._text[self._at] != ")":
            if self._next("|"):
                options.append(Sequence(tuple(parts)))
                parts = []
            elif (flags := self._flags(fold)) is not None:
                fold = flags
            else:
                parts.append(self._repeated(self._one(fold)))
        options.append(Sequence(tuple(parts)))
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _flags(self, fold: bool) -> bool | None:
        """Flags for the rest of the group, `(?i)`; None when something else comes next."""
        found = _GROUP.match(self._text, self._at)
        if found is None or found[3] != ")":
            return None
        self._at = found.end()
        return _folds(found, fold)

    def _one(self, fold: bool) -> Node:
        if self._text[self._at] == "(":
            return self._group(fold)
        char = self._take()
        if char == "\\":
            return self._escaped(fold)
        if char == "[":
            return self._class(fold)
        if char == ".":
            return Chars(_ASCII - _NEWLINE, beyond=True)
        if char in "^$":
            return Border(char.encode())
        if char in "*+?":
            raise Unknown
        return _literal(char, fold)

    def _group(self, fold: bool) -> Node:
        found = _GROUP.match(self._text, self._at)
        assert found is not None
        self._at = found.end()
        inside = self._choice(_folds(found, fold) if found[3] else fold)
        if not self._next(")"):
            raise Unknown
        return inside

    def _repeated(self, node: Node) -> Node:
        least, most = 1, 1
        limits: tuple[int, int | None] | None = None
        if found := _REPEAT.match(self._text, self._at):
            self._at = found.end()
            least = int(found[1])
            most = int(found[3] or -1) if found[2] else least
            limits = least, None if most < 0 else most
        else:
            for mark, these in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
                if self._next(mark):
                    limits = these
                    break
        if limits is None:
            return node
        self._next("?")  # how much it takes is nothing to whether it is there
        if self._text[self._at : self._at + 1] in {"*", "+", "?"} or _REPEAT.match(self._text, self._at):
            raise Unknown
        if has_border(node):
            raise Unknown
        return Repeat(node, *limits)

    def _escaped(self, fold: bool) -> Node:
        if self._next("b"):
            return Border(rb"\b")
        return _folded(self._escape(), fold)

    def _escape(self) -> Chars | _Without:
        """What follows a backslash, in a class and outside of one."""
        if found := _HEX.match(self._text, self._at):
            self._at = found.end()
            code = int(found[1], 16)
        else:
            char = self._take()
            if char.lower() in _CLASSES:
                known = _CLASSES[char.lower()]
                return Chars(known) if char.islower() else _Without(known)
            code = _CONTROLS.get(char, ord(char))
            if char not in _CONTROLS and (char.isalnum() or char == "_"):
                raise Unknown
        if code > 127:
            raise Unknown
        return Chars(frozenset({code}))

    def _class(self, fold: bool) -> Node:
        negated = self._next("^")
        inside: set[int] = set()
        beyond = False
        first = True
        while first or not self._next("]"):
            part = self._class_part(first)
            first = False
            if isinstance(part, _Without):
                part = _folded(part, fold)
            inside |= part.ascii
            beyond = beyond or part.beyond
        if not negated:
            return _folded(Chars(frozenset(inside), beyond), fold)
        if beyond:
            raise Unknown
        return _folded(_Without(frozenset(inside)), fold)

    def _class_part(self, first: bool) -> Chars | _Without:
        if self._text.startswith("[:", self._at):
            raise Unknown
        low = self._class_char()
        rest = self._text[self._at : self._at + 2]
        if low == Chars(frozenset(b"-")) and not first and rest[:1] != "]":
            raise Unknown
        if rest[:1] != "-" or rest == "-]":
            return low
        self._at += 1
        high = self._class_char()
        if not (
            isinstance(low, Chars) and isinstance(high, Chars) and len(low.ascii) == len(high.ascii) == 1
        ):
            raise Unknown
        return Chars(frozenset(range(min(low.ascii), max(high.ascii) + 1)))

    def _class_char(self) -> Chars | _Without:
        char = self._take()
        if char == "\\":
            return self._escape()
        if ord(char) > 127:
            raise Unknown
        return Chars(frozenset({ord(char)}))


@dataclass(frozen=True, slots=True)
class _Without:
    """Every character but these of ASCII."""

    ascii: frozenset[int]


def _folds(found: re.Match[str], fold: bool) -> bool:
    return (fold or "i" in (found[1] or "")) and "i" not in (found[2] or "")


def _literal(char: str, fold: bool) -> Chars:
    if ord(char) < 128:
        return _folded(Chars(frozenset({ord(char)})), fold)
    if fold:
        raise Unknown
    return Chars(frozenset(), more=(char.encode(),))


def _folded(chars: Chars | _Without, fold: bool) -> Chars:
    """Both cases of each letter; the rest of ASCII and everything beyond for `_Without`."""
    base = chars.ascii
    more: tuple[bytes, ...] = ()
    if fold:
        lower = {code | 32 for code in base if chr(code).isalpha()}
        base = base | lower | {code ^ 32 for code in lower}
        more = tuple(also for code, also in _ALSO.items() if code in base)
    if isinstance(chars, Chars):
        return _some(Chars(base - _NEWLINE, chars.beyond, () if chars.beyond else more))
    if more:
        raise Unknown
    return Chars(_ASCII - base - _NEWLINE, beyond=True)


def _some(chars: Chars) -> Chars:
    if not (chars.ascii or chars.beyond or chars.more):
        raise Unknown
    return chars


def has_border(node: Node) -> bool:
    """Whether there is a border anywhere in it."""
    return isinstance(node, Border) or any(has_border(part) for part in inside(node))


def inside(node: Node) -> Iterator[Node]:
    """What a part is made of."""
    if isinstance(node, Sequence):
        yield from node.parts
    elif isinstance(node, Choice):
        yield from node.options
    elif isinstance(node, Repeat):
        yield node.what
