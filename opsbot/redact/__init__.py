"""Secrets are not shown: the one place that knows which texts are secret, and takes them out.

Whatever was loaded as a secret is hidden from all texts of the process: `opsbot.text` asks here for every
text from outside that is drawn (Discord, mails, Slack, the terminal), and so does the log. What is secret is
a fact about the process, as its environment is, and not about one of its parts; hence one list for all.

Hidden are the values as they are, their parts that are secret by themselves (token and key in a URL, the
words of `Bearer …`), the same percent-encoded or as JSON, what is left of them where a text was cut, and
whoever stands before an `@` in a URL. Further encodings and the shapes of tokens nobody loaded have their
place in `_forms` and `hide`.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

HIDDEN = "•••"
"""Stands where a secret stood."""

SHORTEST = 4
"""Characters: shorter values are left alone, they would hit innocent text."""

_PLAIN = 8  # characters: shorter ones are hidden as whole words only
_PART = 12  # characters from which a part of a secret is one by itself
_CUT = 8  # characters of a secret's beginning or end that give it away

_ELLIPSIS = "…"
_LOGIN = re.compile(r"(?<=://)[^\s/?#@]{1,256}@")
_HOST = re.compile(r"://(?:[^\s/?#@]*@)?([^\s/?#:]+)")

_known: Counter[str] = Counter()
_matcher: re.Pattern[str] | None = None
_long: tuple[str, ...] = ()


def learn(secrets: Iterable[str]) -> None:
    """These are hidden from now on, for as long as the process lives."""
    _known.update(form for secret in secrets for form in _forms(secret))
    _prepare()


@contextmanager
def hidden(secrets: Iterable[str]) -> Iterator[None]:
    """These are hidden while the context lasts."""
    forms = [form for secret in secrets for form in _forms(secret)]
    _known.update(forms)
    _prepare()
    try:
        yield
    finally:
        _known.subtract(forms)
        _prepare()


def hide(text: str) -> str:
    """The text without secrets. Any other text stays as it is."""
    if "://" in text:
        text = _LOGIN.sub(f"{HIDDEN}@", text)
    if _matcher is None:
        return text
    return _without_rests(_matcher.sub(HIDDEN, text))


def _forms(secret: str) -> set[str]:
    """Every text that gives the secret away."""
    secret = secret.strip()
    parts = {secret, *(word for word in secret.split() if len(word) >= _PART)}
    if "://" in secret:
        host = _HOST.search(secret)
        words = (part for part in re.split(r"[/?&#=@:]", secret) if len(part) >= _PART)
        parts |= {part for part in words if host is None or part != host[1]}
        parts |= {login.removesuffix("@") for login in _LOGIN.findall(secret)}
    from urllib.parse import quote  # here: commands that know no secret start faster

    encoded = {form for part in parts for form in (quote(part, safe=""), json.dumps(part)[1:-1])}
    return {form for form in parts | encoded if len(form) >= SHORTEST}


def _prepare() -> None:
    global _matcher, _long  # noqa: PLW0603 - see above: one list for the process
    forms = sorted((form for form, count in _known.items() if count > 0), key=len, reverse=True)
    _matcher = re.compile("|".join(map(_pattern, forms))) if forms else None
    _long = tuple(form for form in forms if len(form) > _CUT and "://" not in form)


def _pattern(form: str) -> str:
    return re.escape(form) if len(form) >= _PLAIN else rf"(?<!\w){re.escape(form)}(?!\w)"


def _without_rests(text: str) -> str:
    """What is left of a secret before or after a cut: texts are bounded before they are drawn."""
    pieces = text.split(_ELLIPSIS)
    return _ELLIPSIS.join(_without_end(_without_beginning(piece)) for piece in pieces)


def _without_end(piece: str) -> str:
    """Without the beginning of a secret at its end."""
    for form in _long:
        at = piece.rfind(form[:_CUT])
        if at >= 0 and form.startswith(piece[at:]):
            piece = piece[:at] + HIDDEN
    return piece


def _without_beginning(piece: str) -> str:
    """Without the end of a secret at its beginning."""
    for form in _long:
        at = piece.find(form[-_CUT:])
        if at >= 0 and form.endswith(piece[: at + _CUT]):
            piece = HIDDEN + piece[at + _CUT :]
    return piece
