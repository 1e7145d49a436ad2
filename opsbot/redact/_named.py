"""Values that are secret because of the name before them: `password=…`, `"api_key": "…"`, `Cookie: …`."""

from __future__ import annotations

from collections.abc import Iterator
from re import Match

from opsbot.redact._lazy import Lazy
from opsbot.redact._spans import Span

KIND = "named"

_NAMES = (
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "passwort",
    "secret",
    "token",
    "apikey",
    "api[ _-]key",
    "apitoken",
    "access[_-]?key(?:[_-]?id)?",
    "secret[_-]?key",
    "private[_-]?key",
    "encryption[_-]?key",
    "signing[_-]?key",
    "routing[_-]?key",
    "integration[_-]?key",
    "account[_-]?key",
    "auth[_-]?key",
    "master[_-]?key",
    "service[_-]?key",
    "credentials?",
    "x-amz-signature",
    "signature",
)
_SHORT = ("pwd", "pass", "pw", "sig", "auth")
_HEADERS = ("proxy-authorization", "authorization", "set-cookie", "cookie")
_NEEDLES = ("pass", "pwd", "pw", "secret", "token", "key", "cred", "sig", "auth", "cookie")

# `'`, `"` and `\"` (JSON within JSON); `:`, `=`, `:=`, `=>`; "--password VALUE" has a blank only.
_QUOTE = r"(?:\\{0,3}[\"'])"
_SEPARATOR = rf"{_QUOTE}?\s{{0,3}}(?P<sep>:=|=>|[:=])\s{{0,3}}"
_NAMED = Lazy(
    rf"(?:(?P<long>{'|'.join(sorted(_NAMES, key=len, reverse=True))})"
    rf"|(?P<short>{'|'.join(_SHORT)})(?<![a-z]pwd)(?<![a-z]pass)(?<![a-z]pw)(?<![a-z]sig)(?<![a-z]auth))"
    rf"(?:{_SEPARATOR}|(?P<flag>\s{{1,3}}))"
)
_HEADER = Lazy(rf"(?:{'|'.join(_HEADERS)}){_QUOTE}?\s{{0,3}}[:=]\s{{0,3}}")
_QUOTED = Lazy(r"""(?P<q>\\{0,3}["'])(?P<value>(?:(?!(?P=q))(?:\\.|[^\n])){0,4096})""")
_BARE = Lazy(r"[^\s\"'`,;&<>(){}\[\]|\\]{1,4096}")
_SCHEMES = "bearer|basic|bot|token|digest|negotiate|apikey|key|hmac|aws4-hmac-sha256"
_AFTER_HEADER = Lazy(rf"(?i:(?:{_SCHEMES})\s{{1,3}})?[^\s\"'\\;,]{{4,8192}}(?:;\s?[^\s;=\"']+=[^\s;\"']*)*")

_FLAG = Lazy(r"(?:^|\s)--?[\w-]*$")
_INDENT = 80
_INDENTED = Lazy(r"\s*(?:- )?[\w.-]*")

_INNOCENT = Lazy(
    r"(?i)(?:none|null|nil|true|false|yes|no|on|off|undefined|missing|invalid|required|expired|empty|unset"
    r"|set|not|ok|unknown|present|absent|bearer|basic|digest|static|default|redacted|hidden|changeme)?"
    r"[.!?:…]*|[*•x.]+|\$\{?\w+(?:[:}].*)?|%\(?\w+\)?s?|<.*|\{.*|\*\*\*.*"
)
_NUMBER = Lazy(r"-?\d{1,3}(?:\.\d+)?%?")
_WORD = Lazy(r"[A-Za-z]?[a-z]*[-/.…!?:]*")


def find(text: str, lowered: str) -> Iterator[Span]:
    """Where such values stand; `lowered`: the text in small letters, of the same length."""
    if not any(needle in lowered for needle in _NEEDLES):
        return
    for match in _NAMED.finditer(lowered):
        if (span := _value(text, match)) is not None:
            yield span
    if "authorization" in lowered or "cookie" in lowered:
        for match in _HEADER.finditer(lowered):
            found = _quoted_or(text, match.end(), _AFTER_HEADER)
            if found and not _harmless(text[slice(*found)]) and not _WORD.fullmatch(text[slice(*found)]):
                yield Span(*found, KIND)


def _value(text: str, match: Match[str]) -> Span | None:
    at, separator = match.end(), match["sep"] or " "
    if match["flag"] and not _is_flag(text, match.start()):
        return None
    if match["short"] and separator == ":" and not _quoted_at(text, at):  # "pass: 12, fail: 3"
        return None
    found = _quoted_or(text, at, _BARE)
    if found is None:
        return None
    value = text[slice(*found)]
    if _harmless(value) or (match["short"] and value.startswith("/")):  # PWD=/home/bob
        return None
    bare = found[0] == at and separator == ":" and text[at - 1].isspace()
    if bare and _WORD.fullmatch(value) and not _begins_line(text, match.start()):
        return None  # a sentence: "wrong token: try again"
    return Span(*found, KIND)


def _harmless(value: str) -> bool:
    return len(value) < 3 or bool(_INNOCENT.fullmatch(value) or _NUMBER.fullmatch(value))


def _is_flag(text: str, name: int) -> bool:
    """Whether the name is an option of a command: `--password VALUE`, `--db-password VALUE`."""
    word = text[max(0, name - 40) : name]
    return _FLAG.search(word) is not None


def _begins_line(text: str, name: int) -> bool:
    """Whether nothing but the rest of the name is before it: YAML."""
    begin = max(0, name - _INDENT)
    return _INDENTED.fullmatch(text[begin:name].rpartition("\n")[2]) is not None


def _quoted_at(text: str, at: int) -> bool:
    return _QUOTED.match(text, at) is not None


def _quoted_or(text: str, at: int, bare: Lazy) -> tuple[int, int] | None:
    quoted = _QUOTED.match(text, at)
    if quoted:
        return quoted.span("value")
    plain = bare.match(text, at)
    return plain.span() if plain else None
