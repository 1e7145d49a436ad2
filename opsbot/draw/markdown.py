"""Untrusted text in a Markdown file: it reads the same, and does nothing, whatever shows the file.

The escapes are CommonMark's (https://spec.commonmark.org/0.31.2/#backslash-escapes); what GitHub's dialect
and common readers make a link, a mention, a table or a formula of is ended by them too.
"""

from __future__ import annotations

import re

from opsbot.text import clamp, one_line

_MARKUP = re.compile(
    r"[\\`*<>\[\]#|@~&$]"  # emphasis, code, HTML, links, headings, tables, mentions, entities, formulas
    r"|!(?=\[)|(?<![^\W_])_|_(?![^\W_])"
    r"|(?<=\w):(?=/)|/(?=/)|(?<=/)/|(?<=\w)\.(?=[^\W\d_]{2})"  # what looks like an address is made a link of
    r"|^[-+=]"
)
_NUMBERED = re.compile(r"^(\d{1,9})([.)])")
_HARMLESS = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
"""As entities they are harmless also to what knows HTML alone."""

NOTHING = "–"


def markdown(untrusted: str, limit: int) -> str:
    """One line for anywhere in a Markdown file, of at most `limit` characters before it is escaped; "–" for
    nothing. Secrets are hidden."""
    text = _MARKUP.sub(_escaped, clamp(one_line(untrusted, limit), limit))
    return _NUMBERED.sub(r"\1\\\2", text) or NOTHING


def _escaped(found: re.Match[str]) -> str:
    return _HARMLESS.get(found.group(), f"\\{found.group()}")
