"""Shapes by which a token is known though nobody loaded it.

Each has *needles*: fixed texts (in small letters) one of which is in every text that holds such a token. A
shape is looked for only where one of them is, so that ordinary lines cost one search for each. No pattern can
take more than linear time: every repetition is of one class, and what may follow it is not in that class.
The lengths are the least that is plausible rather than the exact ones: a token that was cut is one, too.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from opsbot.redact._spans import Span

_KEY_MOST = 16 * 1024
"""Characters that a private key has at most: 16,384 bits of RSA are 12,000."""


@dataclass(frozen=True, slots=True)
class Shape:
    """`pattern`: its group `s` is the secret, or all of it. `fits`: what a pattern cannot say."""

    kind: str
    needles: tuple[str, ...]
    pattern: re.Pattern[str]
    fits: Callable[[str], bool] = lambda _: True

    def find(self, text: str) -> Iterator[Span]:
        """Where such tokens stand."""
        group = "s" if "s" in self.pattern.groupindex else 0
        for match in self.pattern.finditer(text):
            if self.fits(match[group]):
                yield Span(*match.span(group), self.kind)


def _mixed(text: str) -> bool:
    """A made-up word has a digit; what people write after "sk-" or "Bearer" mostly has none."""
    return any(char.isdigit() for char in text)


def _long_or_mixed(text: str) -> bool:
    return _mixed(text) or len(text) >= 24


def _is_login(text: str) -> bool:
    """Whether it is what HTTP's Basic scheme sends: Base64 of a name, a colon and a password."""
    try:
        plain = b64decode(text.translate(str.maketrans("-_", "+/")) + "=" * (-len(text) % 4))
    except (Error, ValueError):
        return False
    return b":" in plain and plain.isascii()


def _is_snowflake(text: str) -> bool:
    """Whether a Discord token begins as all do: with the bot's id, as Base64."""
    head = text.partition(".")[0]
    try:
        return b64decode(head.translate(str.maketrans("-_", "+/")) + "=" * (-len(head) % 4)).isdigit()
    except (Error, ValueError):
        return False


def _shape(kind: str, needles: str, pattern: str, fits: Callable[[str], bool] | None = None) -> Shape:
    compiled = re.compile(pattern.replace("<", "(?<![A-Za-z0-9])", 1) if pattern[0] == "<" else pattern)
    return Shape(kind, tuple(needles.split()), compiled, fits or (lambda _: True))


_SLASH = r"(?:\\?/)"

SHAPES: tuple[Shape, ...] = (
    _shape(
        "Discord token",
        ".",
        r"[MNO](?<![\w-].)[\w-]{17,31}\.[\w-]{6}\.[\w-]{20,80}",
        _is_snowflake,
    ),
    _shape("Discord token", "mfa.", r"<mfa\.[\w-]{20,100}"),
    _shape("Discord webhook", "webhooks", rf"webhooks{_SLASH}\d{{15,20}}{_SLASH}(?P<s>[\w-]{{16,400}})"),
    _shape("Slack token", "xox xapp-", r"<(?:xox[a-z](?:\.xox[a-z])?|xapp)-[A-Za-z0-9-]{10,400}", _mixed),
    _shape(
        "Slack webhook",
        "hooks.slack",
        rf"hooks\.slack(?:-gov)?\.com{_SLASH}\w{{1,20}}{_SLASH}(?P<s>[A-Za-z0-9_/\\-]{{8,200}})",
    ),
    _shape("PagerDuty key", "r0", r"<R0[0-9A-Z]{30}(?![A-Za-z0-9])"),
    _shape("PagerDuty key", "pd u+", r"<(?:pdu?s?\+[\w-]{8,100}|u\+[\w-]{18}(?![\w-]))"),
    _shape("GitHub token", "gh", r"<(?:gh[pousr]_[A-Za-z0-9]{16,255}|github_pat_\w{20,255})"),
    _shape("GitLab token", "gl", r"<gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat|ffct)-[\w.-]{16,300}"),
    _shape(
        "AWS key",
        "akia asia abia acca",
        r"<(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Za-z0-9])",
    ),
    _shape("Google key", "aiza", r"<AIza[\w-]{30,40}"),
    _shape("Google key", "ya29. gocspx-", r"<(?:ya29\.[\w.-]{20,400}|GOCSPX-[\w-]{20,40})"),
    _shape("AI provider key", "sk-", r"<sk-[\w-]{16,300}", _mixed),
    _shape(
        "AI provider key",
        "gsk_ xai- pplx- hf_ r8_",
        r"<(?:gsk|xai|pplx|hf|r8)[_-][A-Za-z0-9]{20,200}",
        _mixed,
    ),
    _shape("Stripe key", "k_live_ k_test_ whsec_", r"<(?:[rsp]k_(?:live|test)_|whsec_)[A-Za-z0-9+/=]{8,250}"),
    _shape("Telegram token", ":a", r"<\d{6,12}:A[\w-]{30,50}"),
    _shape("JWT", "eyj", r"(?<![\w-])eyJ[\w-]{8,8000}\.[\w-]{4,16000}(?:\.[\w-]{0,2000}){0,3}"),
    _shape("package index token", "npm_ pypi- rubygems_", r"<(?:npm_|pypi-|rubygems_)[\w-]{30,300}"),
    _shape("SendGrid key", "sg.", r"<SG\.[\w-]{16,40}\.[\w-]{16,80}"),
    _shape(
        "host's token",
        "dop_v1_ dor_v1_ doo_v1_ hvs. hvb. lin_api_ nrak- ntn_ dapi sntrys_ sntryu_ dp.pt.",
        r"<(?:do[opr]_v1_|hv[sb]\.|lin_api_|NRAK-|ntn_|dapi|sntry[su]_|dp\.pt\.)[\w-]{24,300}",
        _mixed,
    ),
    _shape(
        "bearer", "bearer", r"(?i:bearer)(?:\s{1,3}|:\s?)[\"']?(?P<s>[\w.~+/=-]{12,8000})", _long_or_mixed
    ),
    _shape("basic", "basic", r"(?i:basic)\s{1,3}(?P<s>[\w+/-]{6,4000}={0,2})", _is_login),
    _shape("login in an address", "://", r"(?<=://)[^\s/?#@]{1,256}(?=@)"),
    _shape("login in an address", ":\\/\\/", r"(?<=:\\/\\/)[^\s/?#@]{1,256}(?=@)"),
)

_NEEDLES = tuple((needle, number) for number, shape in enumerate(SHAPES) for needle in shape.needles)

_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,20}-----")
_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,20}-----")
_BODY_LINE = re.compile(r"[^\n]*?[A-Za-z0-9+/=]{16,100}\s*")
_BODY = re.compile(
    r"(?:\s*(?:Proc-Type|DEK-Info): [^\n]*){0,2}"
    r"(?:(?:\s|\\[nr])+[A-Za-z0-9+/=]{4,100}(?=\s*(?:\n|\\[nr]|\Z)))*"
)


def private_keys(text: str) -> Iterator[Span]:
    """Keys as in PEM files, also with `\\n` for their line ends, and what is left of one that was cut."""
    if "PRIVATE KEY" not in text:
        return
    at, over = 0, -2  # `over`: where the next end is; -1: there is none any more
    while begin := _BEGIN.search(text, at):
        if over != -1 and over < begin.end():
            over = text.find("-----END", begin.end())
        if begin.end() <= over <= begin.end() + _KEY_MOST:
            closing = text.find("-----", over + len("-----END"), over + 100)
            at = closing + len("-----") if closing >= 0 else over + len("-----END")
        else:
            body = _BODY.match(text, begin.end())
            at = body.end() if body else begin.end()
        yield Span(begin.start(), at, "private key")
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
        yield Span(start, end.end(), "private key")


def find(text: str, lowered: str) -> Iterator[Span]:
    """All tokens known by their shape; `lowered`: the text in small letters."""
    for number in sorted({number for needle, number in _NEEDLES if needle in lowered}):
        yield from SHAPES[number].find(text)
    yield from private_keys(text)
