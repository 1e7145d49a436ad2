"""Secrets are not shown: the one place that knows which texts are secret, and takes them out.

`opsbot.text` asks here for every text from outside that is drawn (Discord, mails, Slack, the terminal), and
so does opsbot's own log. Hidden are

- what was loaded as a secret, and its parts that are secret by themselves (token and key in a URL, the words
  of `Bearer …`): plain, percent-encoded, as JSON, HTML, Base64 or hexadecimal, and what is left of it where a
  text was cut;
- what has the shape of a token, though nobody loaded it, and logins in addresses;
- what a telling name stands before: `password=…`, `"api_key": "…"`, `Authorization: …`;
- the last two also in percent-encoded and Base64 pieces.

What is secret is a fact about the process, as its environment is, and not about one of its parts; hence one
list for all. All of it takes linear time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from opsbot.redact._exact import SHORTEST as SHORTEST
from opsbot.redact._exact import parts_of
from opsbot.redact._find import find, known, named
from opsbot.redact._names import is_secret_name as is_secret_name
from opsbot.redact._spans import HIDDEN as HIDDEN
from opsbot.redact._spans import merged, without
from opsbot.redact._stream import Stream as Stream
from opsbot.redact._stream import stream as stream


def learn(secrets: Iterable[str]) -> None:
    """These are hidden from now on, for as long as the process lives."""
    known.add(_parts(secrets))


@contextmanager
def hidden(secrets: Iterable[str]) -> Iterator[None]:
    """These are hidden while the context lasts."""
    parts = _parts(secrets)
    known.add(parts)
    try:
        yield
    finally:
        known.drop(parts)


def hide(text: str, counts: Counter[str] | None = None) -> str:
    """The text without secrets; any other text stays as it is. `counts`: what was hidden is added to it, by
    kind."""
    spans = merged([*find(text), *known.rests(text)])
    if counts is not None:
        counts.update(span.kind for span in spans)
    return without(text, spans) if spans else text


def learned() -> list[str]:
    """What is hidden now because somebody knows it: for a process that is to hide the same. It is secret."""
    return known.all()


def called_secret(text: str, shortest: int = 8) -> set[str]:
    """The values in a text that are hidden because a telling name stands before them, if they are long enough
    to be hidden wherever else they stand."""
    return {value for value in named(text) if len(value) >= shortest}


def _parts(secrets: Iterable[str]) -> list[str]:
    return [part for secret in secrets for part in parts_of(secret)]
