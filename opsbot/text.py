"""Text from outside, made fit to be shown: the one `safe_text`, and how numbers and times are said.

Everything that comes from a log, an HTTP body or a person passes `safe_text` (Discord) or `one_line`
(everything else) before it is drawn; none of them lets a secret through (`opsbot.redact`). Lengths are
counted in UTF-16 units, the strictest reading of what Discord calls a character (an emoji is 2), so a text
that fits here fits however the other side counts.
"""

from __future__ import annotations

import codecs
import math
import re
from enum import Enum

from opsbot import redact

ELLIPSIS = "…"
codecs.lookup("utf-16-le")  # loaded now: when it is needed there may be no file descriptor left to load it
_GLANCE = 1024
_UNBREAK = "\u200b"  # put into a mention it ends it, and is not seen

_ANSI = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b\n]{0,512}(?:\x07|\x1b\\)|[ -/]*[0-~])"
    r"|\x9b[0-?]*[ -/]*[@-~]"
)
_BREAKS = re.compile(r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")  # half a character: cannot be encoded
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f"  # control characters but tab and line breaks
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # writing direction
    "\xad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f"  # no width
    "\u3164\ufeff\uffa0\ufdd0-\ufdef\ufff0-\ufffc\ufffe\uffff\U000e0000-\U000e0fff]"
)
_COMBINING = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_STACKED = re.compile(f"({_COMBINING}{{3}}){_COMBINING}+")  # marks that would grow over other lines
_MENTION = re.compile(r"<(?=[@#/:a-zA-Z]|$)|@(?=everyone|here)", re.IGNORECASE)
_MARKUP = re.compile(
    r"[\\*`\[]|(?<![^\W_])_|_(?![^\W_])|~(?=~)|(?<=~)~|\|(?=\|)|(?<=\|)\||(?<=:)/(?=/)"
    r"|^[#>+-]|(?<=^\d)[.)]|(?<=^\d\d)[.)]"
)


class Place(Enum):
    """Where in Discord a text will stand, which decides what is dangerous there."""

    MARKDOWN = "markdown"  # one line of content, or of an embed's title, description, field
    PLAIN = "plain"  # one line where markdown is not read: footer, label of a button, option of a menu
    CODE = "code"  # one line between single backticks
    BLOCK = "block"  # many lines in a fenced block


def units(text: str) -> int:
    """Its length in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def clamp(text: str, limit: int) -> str:
    """`text` if it has at most `limit` UTF-16 units, else its beginning and "…"."""
    if len(text) * 2 <= limit or (len(text) <= limit and units(text) <= limit):
        return text
    if limit <= 0:
        return ""
    kept = text[: limit - 1]
    while (excess := units(kept) - (limit - 1)) > 0:
        kept = kept[: -((excess + 1) // 2)]
    kept = kept.rstrip().rstrip(_UNBREAK)
    if (len(kept) - len(kept.rstrip("\\"))) % 2:
        kept = kept[:-1]  # half an escape would take hold of what follows
    return kept + ELLIPSIS


def encodable(text: str) -> str:
    """`text` with every half of a character replaced: as it is, nothing could send it."""
    return _SURROGATE.sub("\ufffd", text)


def one_line(untrusted: str, limit: int) -> str:
    """One readable line, for places that read no markup: mail subjects, PagerDuty, the terminal."""
    return clamp(_joined(untrusted, limit), limit)


def many_lines(untrusted: str, limit: int, *, tail: bool = False) -> str:
    """Readable lines without trailing blanks; too long, it keeps the beginning, or with `tail` the end."""
    return _clamp_lines(_lined(untrusted, limit, tail), limit, tail)


def printable(text: str) -> str:
    """`text` as it may be printed or logged, however long: its lines and tabs stay, nothing else moves the
    cursor, and no secret is shown."""
    return redact.hide(_clean(text))


def readable(text: str) -> str:
    """`text` without what moves the cursor or is not seen, its secrets still in it: for whoever hides them
    piece by piece (`redact.stream`), which must come after this."""
    return _clean(text)


def safe_text(untrusted: str, limit: int, place: Place = Place.MARKDOWN, *, tail: bool = False) -> str:
    """`untrusted` as it may stand at `place`, at most `limit` UTF-16 units: reads the same, does nothing.

    Takes out ANSI sequences, control, direction and zero-width characters; ends mentions, timestamps and
    custom emoji; escapes markdown, so that links are seen and not followed; keeps backticks from ending a
    code span or block. `tail` (for `BLOCK`) keeps the end of a long text, as one wants of a log.
    """
    text = _lined(untrusted, limit, tail) if place is Place.BLOCK else _joined(untrusted, limit)
    if place is Place.MARKDOWN:
        return _within_words(clamp(_MENTION.sub(_end_mention, _MARKUP.sub(_escape, text)), limit))
    if place is not Place.PLAIN:
        text = text.replace("`", "ˋ")
    return _without_mentions(text, limit, tail and place is Place.BLOCK)


def _without_mentions(text: str, limit: int, tail: bool) -> str:
    """Cut first: what is no mention any more once it is cut needs no end."""
    room = limit
    while True:
        shown = _MENTION.sub(_end_mention, _clamp_lines(text, room, tail))
        excess = units(shown) - limit
        if excess <= 0:
            return shown
        room -= excess


def _within_words(text: str) -> str:
    """An underscore within a word is no markup; where the text was cut right behind one it would be."""
    kept = text[:-1].rstrip("_")
    cut = text.endswith(f"_{ELLIPSIS}") and not kept.endswith("\\")
    return kept + ELLIPSIS if cut else text


def inline_code(untrusted: str, limit: int) -> str:
    """`untrusted` between backticks, at most `limit` units with them; "–" for nothing."""
    return f"`{safe_text(untrusted, limit - 2, Place.CODE) or '–'}`"


def code_block(untrusted: str, limit: int, *, tail: bool = False) -> str:
    """`untrusted` in a fenced block, at most `limit` units with its fences; "–" for nothing."""
    fences = len("```\n\n```")
    return f"```\n{safe_text(untrusted, limit - fences, Place.BLOCK, tail=tail) or '–'}\n```"


def bytes_text(count: float) -> str:
    """ "89 MB". 1 MB is 1024 x 1024 bytes, as in the guide, whose 91,284 KiB of `ps` are 89MB."""
    if not math.isfinite(count):
        return "?"
    size, names = abs(count), ["B", "KB", "MB", "GB", "TB", "PB"]
    while size >= 999.5 and len(names) > 1:
        size, names = size / 1024, names[1:]
    return f"{'-' if count < 0 else ''}{number_text(size)} {names[0]}"


def number_text(value: float) -> str:
    """Three figures where they matter: 0.25, 9.5, 89, 1,234; whole numbers without a point."""
    if not math.isfinite(value):
        return "?"
    if abs(value) >= 1e15:
        return f"{value:.3g}"
    digits = 0 if abs(value) >= 99.5 else 1 if abs(value) >= 9.95 else 2
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent_text(value: float) -> str:
    """ "1.5%": `value` is in per cent already."""
    return f"{number_text(value)}%"


_SPANS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def seconds_text(seconds: float) -> str:
    """ "80 ms", "2.3 s", "1 min 15 s", "3 h", "2 d 4 h": at most two parts."""
    if not math.isfinite(seconds) or abs(seconds) >= 1e12:
        return "?"
    seconds = max(0.0, seconds)
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms" if seconds else "0 s"
    if seconds < 59.5:
        return f"{number_text(round(seconds, 1 if seconds < 9.95 else 0))} s"
    whole = round(seconds)
    at = next(index for index, (size, _) in enumerate(_SPANS) if whole >= size)
    (big, big_name), (small, small_name) = _SPANS[at], _SPANS[at + 1]
    rest = whole % big // small
    return f"{whole // big} {big_name}" + (f" {rest} {small_name}" if rest else "")


def ago(seconds: float) -> str:
    """ "3 min ago", "just now" below a second."""
    return "just now" if seconds < 1 else f"{seconds_text(seconds)} ago"


def discord_time(wall: float, style: str = "R") -> str:
    """A time that each reader sees in their own zone: `R` keeps the age fresh with no edit, `T` is a clock.

    `wall`: seconds since 1970 UTC. Format: https://discord.com/developers/docs/reference#message-formatting
    """
    return f"<t:{int(wall)}:{style}>" if math.isfinite(wall) and abs(wall) < 8.64e12 else "?"


def _joined(text: str, limit: int) -> str:
    return " ".join(_readable(text, limit).split())


def _lined(text: str, limit: int, tail: bool) -> str:
    lines = _readable(text, limit, tail=tail).expandtabs(4).split("\n")
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def _readable(text: str, limit: int, *, tail: bool = False) -> str:
    """Looks at no more of a text than its limit can need, so that a huge line and a storm of alerts stay
    cheap; the factor leaves room for what is taken out. Secrets are hidden here: after what could be hidden
    in them is gone, before anything is escaped or cut to its limit."""
    glance = _GLANCE + 2 * max(0, limit)
    if len(text) > glance:
        text = ELLIPSIS + text[-glance:] if tail else text[:glance] + ELLIPSIS
    return redact.hide(_clean(text))


def _clean(text: str) -> str:
    text = _BREAKS.sub("\n", _ANSI.sub("", text))
    text = _UNSEEN.sub("", encodable(text))
    return _STACKED.sub(r"\1", text)


def _escape(found: re.Match[str]) -> str:
    return "\\" + found.group()  # a template would be read anew for each


def _end_mention(found: re.Match[str]) -> str:
    return found.group() + _UNBREAK


def _clamp_lines(text: str, limit: int, tail: bool) -> str:
    """As `clamp`, but with `tail` the end is kept."""
    return clamp(text[::-1], limit)[::-1] if tail else clamp(text, limit)
