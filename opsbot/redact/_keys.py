"""Private keys as in PEM files, whole or what is left of them."""

from __future__ import annotations

from collections.abc import Iterator

from opsbot.redact._lazy import Lazy
from opsbot.redact._spans import Span

KIND = "private key"

MOST = 16 * 1024
"""Characters that a private key has at most: 16,384 bits of RSA are 12,000."""

_BEGIN = Lazy(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,20}-----")
_END = Lazy(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,20}-----")
_BODY_LINE = Lazy(r"[^\n]*?[A-Za-z0-9+/=]{16,100}\s*")
_BODY = Lazy(
    r"(?:\s*(?:Proc-Type|DEK-Info): [^\n]*){0,2}"
    r"(?:(?:\s|\\[nr])+[A-Za-z0-9+/=]{4,100}(?=\s*(?:\n|\\[nr]|\Z)))*"
)


def find(text: str) -> Iterator[Span]:
    """Keys as in PEM files, also with `\\n` for their line ends, and what is left of one that was cut."""
    if "PRIVATE KEY" not in text:
        return
    at, over = 0, -2  # `over`: where the next end is; -1: there is none any more
    while begin := _BEGIN.search(text, at):
        if over != -1 and over < begin.end():
            over = text.find("-----END", begin.end())
        if begin.end() <= over <= begin.end() + MOST:
            closing = text.find("-----", over + len("-----END"), over + 100)
            at = closing + len("-----") if closing >= 0 else over + len("-----END")
        else:
            body = _BODY.match(text, begin.end())
            at = body.end() if body else begin.end()
        yield Span(begin.start(), at, KIND)
    yield from _headless(text)


def _headless(text: str) -> Iterator[Span]:
    """The end of a key whose beginning was cut off."""
    before = 0
    for end in _END.finditer(text):
        start = end.start()
        while start > before:
            above = text.rfind("\n", before, start - 1) + 1 or before
            if not _BODY_LINE.fullmatch(text, above, start):
                break
            start = above
        before = end.end()
        yield Span(start, end.end(), KIND)
