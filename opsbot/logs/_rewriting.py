"""Patterns of RE2's kind written anew for an engine that knows bytes only.

What is written matches within one line and leaves nothing to the other engine's dialect: every class is
spelled out, letter case and UTF-8 are too. A pattern with something that is not known here is left to RE2.
"""

from __future__ import annotations

from opsbot.logs._syntax import Border, Chars, Choice, Node, Reader, Repeat, Sequence, Unknown, inside

SIZE_LIMIT = 1000
"""Characters of a pattern with its repetitions written out: a longer one would take long to compile."""

_NEVER = rb"[\x80-\xff]"  # in a text that is ASCII


_REST_OF_LINE = rb"[^\n]*\n"
"""Makes a pattern match once in a line, at its very end, however often it is found in it: what is told to
Python is told once for each line and pattern, and where it ends is the line's end."""


def rewritten(pattern: str) -> tuple[bytes, bytes] | None:
    """The pattern for lines of ASCII and for lines of UTF-8, or None when it is not known here.

    It matches up to a line's end, its newline included, if the pattern is found in the line. `pattern` is one
    that RE2 accepts.
    """
    try:
        node = _shortened(Reader(pattern).read())
        if _size(node) > SIZE_LIMIT:
            return None
    except (Unknown, RecursionError):
        return None
    return _to_the_end(node, utf8=False), _to_the_end(node, utf8=True)


def _to_the_end(node: Node, *, utf8: bool) -> bytes:
    if isinstance(node, Choice):
        return b"|".join(_to_the_end(option, utf8=utf8) for option in node.options)
    if isinstance(node, Sequence) and len(node.parts) == 1:
        return _to_the_end(node.parts[0], utf8=utf8)
    if isinstance(node, Sequence) and node.parts and node.parts[-1] == Border(b"$"):
        # Nothing may follow a `$` there: it is the newline itself.
        return _written(Sequence(node.parts[:-1]), utf8=utf8) + rb"\n"
    return _written(node, utf8=utf8) + _REST_OF_LINE


def _size(node: Node) -> int:
    length = sum(_size(part) for part in inside(node))
    if isinstance(node, Repeat):
        return length * max(1, node.least + 1 if node.most is None else node.most)
    return max(1, length)


def _shortened(node: Node) -> Node:
    """Without what may be left out at both ends: that changes where it matches, and not whether."""
    if isinstance(node, Choice):
        return Choice(tuple(_shortened(option) for option in node.options))
    if not isinstance(node, Sequence):
        return node
    parts = list(node.parts)
    for end in (0, -1):
        while parts and isinstance(part := parts[end], Repeat) and part.least == 0:
            parts.pop(end)
        if parts and isinstance(part := parts[end], Repeat):
            parts[end] = Repeat(part.what, part.least, part.least)
    return Sequence(tuple(parts))


def _written(node: Node, *, utf8: bool) -> bytes:
    if isinstance(node, Border):
        return node.mark
    if isinstance(node, Chars):
        return _char(node, utf8)
    if isinstance(node, Sequence):
        return b"".join(_written(part, utf8=utf8) for part in node.parts)
    if isinstance(node, Choice):
        return b"(?:" + b"|".join(_written(option, utf8=utf8) for option in node.options) + b")"
    return _repeat(node, utf8)


def _repeat(node: Repeat, utf8: bool) -> bytes:
    what = node.what
    if utf8 and node.most is None and node.least < 2 and isinstance(what, Chars) and what.beyond:
        # Far cheaper than one character after the other. It may end within a character, where nothing begins.
        ascii_ = _class_of(what.ascii)
        many = b"(?:[" + ascii_ + rb"\xc2-\xf4][" + ascii_ + rb"\x80-\xf4]*)"
        return many + (b"" if node.least else b"?")
    written = b"(?:%s)" % _written(what, utf8=utf8)
    if node.least == node.most == 1:
        return written
    return written + b"{%d,%s}" % (node.least, b"" if node.most is None else b"%d" % node.most)


def _char(chars: Chars, utf8: bool) -> bytes:
    ascii_ = _class_of(chars.ascii)
    if chars.beyond and not utf8:
        # What is beyond does not occur: it is taken in because the fewer bytes end a run, the faster it is.
        return b"[" + ascii_ + rb"\x80-\xff]"
    if chars.beyond:
        # It may end within a character, where nothing else begins: the line is found in any case.
        return b"[" + ascii_ + rb"\xc2-\xf4][\x80-\xbf]*"
    options = [b"[" + ascii_ + b"]"] if ascii_ else []
    if utf8:
        options += [b"".join(rb"\x%02x" % code for code in more) for more in chars.more]
    return b"(?:" + b"|".join(options or [_NEVER]) + b")" if len(options) != 1 else options[0]


def _class_of(codes: frozenset[int]) -> bytes:
    """The inside of a class, in ranges."""
    ranges: list[list[int]] = []
    for code in sorted(codes):
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return b"".join(rb"\x%02x" % a + (rb"-\x%02x" % b if b > a else b"") for a, b in ranges)
