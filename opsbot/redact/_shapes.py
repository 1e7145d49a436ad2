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

from opsbot.redact._lazy import Lazy
from opsbot.redact._spans import Span


class Shape:
    """`pattern`: its group `s` is the secret, or all of it; `<` at its start: not in the midst of a word.
    `fits`: what a pattern cannot say."""

    def __init__(
        self, kind: str, needles: str, pattern: str, fits: Callable[[str], bool] | None = None
    ) -> None:
        self.kind, self.needles, self.fits = kind, tuple(needles.split()), fits
        self._lazy = Lazy(re.sub(r"^<", "(?<![A-Za-z0-9])", pattern))
        self._group = "s" if "(?P<s>" in pattern else 0

    def find(self, text: str) -> Iterator[Span]:
        """Where such tokens stand."""
        for match in self._lazy.finditer(text):
            if self.fits is None or self.fits(match[self._group]):
                yield Span(*match.span(self._group), self.kind)


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


_SLASH = r"(?:\\?/)"

SHAPES: tuple[Shape, ...] = (
    Shape(
        "Discord token",
        ".",
        r"[MNO](?<![\w-].)[\w-]{17,31}\.[\w-]{6}\.[\w-]{20,80}",
        _is_snowflake,
    ),
    Shape("Discord token", "mfa.", r"<mfa\.[\w-]{20,100}"),
    Shape("Discord webhook", "webhooks", rf"webhooks{_SLASH}\d{{15,20}}{_SLASH}(?P<s>[\w-]{{16,400}})"),
    Shape("Slack token", "xox xapp-", r"<(?:xox[a-z](?:\.xox[a-z])?|xapp)-[A-Za-z0-9-]{10,400}", _mixed),
    Shape(
        "Slack webhook",
        "hooks.slack",
        rf"hooks\.slack(?:-gov)?\.com{_SLASH}\w{{1,20}}{_SLASH}(?P<s>[A-Za-z0-9_/\\-]{{8,200}})",
    ),
    Shape("PagerDuty key", "r0", r"<R0[0-9A-Z]{30}(?![A-Za-z0-9])"),
    Shape("PagerDuty key", "pd u+", r"<(?:pdu?s?\+[\w-]{8,100}|u\+[\w-]{18}(?![\w-]))"),
    Shape("GitHub token", "gh", r"<(?:gh[pousr]_[A-Za-z0-9]{16,255}|github_pat_\w{20,255})"),
    Shape("GitLab token", "gl", r"<gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat|ffct)-[\w.-]{16,300}"),
    Shape(
        "AWS key",
        "akia asia abia acca",
        r"<(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Za-z0-9])",
    ),
    Shape("Google key", "aiza", r"<AIza[\w-]{30,40}"),
    Shape("Google key", "ya29. gocspx-", r"<(?:ya29\.[\w.-]{20,400}|GOCSPX-[\w-]{20,40})"),
    Shape("AI provider key", "sk-", r"<sk-[\w-]{16,300}", _mixed),
    Shape(
        "AI provider key",
        "gsk_ xai- pplx- hf_ r8_",
        r"<(?:gsk|xai|pplx|hf|r8)[_-][A-Za-z0-9]{20,200}",
        _mixed,
    ),
    Shape("Stripe key", "k_live_ k_test_ whsec_", r"<(?:[rsp]k_(?:live|test)_|whsec_)[A-Za-z0-9+/=]{8,250}"),
    Shape("Telegram token", ":a", r"<\d{6,12}:A[\w-]{30,50}"),
    Shape("JWT", "eyj", r"(?<![\w-])eyJ[\w-]{8,8000}\.[\w-]{4,16000}(?:\.[\w-]{0,2000}){0,3}"),
    Shape("package index token", "npm_ pypi- rubygems_", r"<(?:npm_|pypi-|rubygems_)[\w-]{30,300}"),
    Shape("SendGrid key", "sg.", r"<SG\.[\w-]{16,40}\.[\w-]{16,80}"),
    Shape(
        "host's token",
        "dop_v1_ dor_v1_ doo_v1_ hvs. hvb. lin_api_ nrak- ntn_ dapi sntrys_ sntryu_ dp.pt.",
        r"<(?:do[opr]_v1_|hv[sb]\.|lin_api_|NRAK-|ntn_|dapi|sntry[su]_|dp\.pt\.)[\w-]{24,300}",
        _mixed,
    ),
    Shape("bearer", "bearer", r"(?i:bearer)(?:\s{1,3}|:\s?)[\"']?(?P<s>[\w.~+/=-]{12,8000})", _long_or_mixed),
    Shape("basic", "basic", r"(?i:basic)\s{1,3}(?P<s>[\w+/-]{6,4000}={0,2})", _is_login),
    Shape("login in an address", "://", r"(?<=://)[^\s/?#@]{1,256}(?=@)"),
    Shape("login in an address", ":\\/\\/", r"(?<=:\\/\\/)[^\s/?#@]{1,256}(?=@)"),
)

_NEEDLES = tuple((needle, number) for number, shape in enumerate(SHAPES) for needle in shape.needles)


def find(text: str, lowered: str) -> Iterator[Span]:
    """All tokens known by their shape; `lowered`: the text in small letters."""
    for number in sorted({number for needle, number in _NEEDLES if needle in lowered}):
        yield from SHAPES[number].find(text)
