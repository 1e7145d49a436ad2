"""A step's directive, such as `opsbot: log "rate limit" since=1h expect=none`: a closed set of questions,
each of which only looks."""

from __future__ import annotations

import difflib
import math
import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from opsbot.domain.runbook import (
    Ask,
    AskCheck,
    AskDisk,
    AskLog,
    AskMetric,
    AskPort,
    AskReach,
    AskRestarts,
    AskVersions,
    Expect,
)
from opsbot.domain.typed_time import span_of
from opsbot.logs.patterns import check_pattern

PREFIX = "opsbot:"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", re.ASCII)
_METRIC = re.compile(r"[a-z][a-z0-9_]{0,99}", re.ASCII)
_OPTION = re.compile(r"([a-z]+)=(.*)", re.ASCII | re.DOTALL)
_NUMBER = re.compile(r"(-?\d{1,15}(?:\.\d{1,9})?)(%|B|KB|MB|GB|TB|ms|s|m|min|h|d)?", re.ASCII)
_SIZE = {"B": 1.0, "KB": 2.0**10, "MB": 2.0**20, "GB": 2.0**30, "TB": 2.0**40}
_TIME = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}
_UNITS = {"_percent": ({"%": 1.0}, "%"), "_bytes": (_SIZE, "B to TB"), "_seconds": (_TIME, "ms to d")}
_SHOWN = 60

Options = Mapping[str, str]


class DirectiveError(ValueError):
    """One sentence: what is wrong with a directive, and the remedy."""


@dataclass(frozen=True, slots=True)
class _Verb:
    """`about`: what stands behind it, "" for nothing, in brackets where it may be left out."""

    build: Callable[[str, Options], Ask]
    options: tuple[str, ...] = ()
    about: str = ""


def directive(text: str) -> Ask:
    """What a directive asks for; `text` without its `opsbot:`.

    Raises:
        DirectiveError: it is none.
    """
    word, *rest = _words(text)
    verb = _VERBS.get(word)
    if verb is None:
        raise DirectiveError(f"opsbot cannot `{_short(word)}`: {_near(word, _VERBS)}")
    about, options = _split(word, verb, rest)
    if not about and verb.about and not verb.about.startswith("["):
        raise DirectiveError(f"`{word}` needs {verb.about} behind it.")
    return verb.build(about, options)


def _words(text: str) -> list[str]:
    try:
        words = shlex.split(text, comments=False, posix=True)
    except ValueError:
        raise DirectiveError("a quote is opened and not closed: texts stand in \"…\" or '…'.") from None
    if not words:
        raise DirectiveError(f"nothing stands behind `{PREFIX}`: known are {', '.join(_VERBS)}.")
    return words


def _split(word: str, verb: _Verb, rest: Iterable[str]) -> tuple[str, Options]:
    about, options = "", {}
    for part in rest:
        found = _OPTION.fullmatch(part)
        if not about and verb.about and (found is None or found[1] not in verb.options):
            about = part
        elif found is None:
            raise DirectiveError(
                f"`{_short(part)}` is too much: behind `{word}` stands {verb.about or 'nothing'}"
                f"{_with_options(verb)}."
            )
        elif found[1] not in verb.options:
            raise DirectiveError(
                f"`{word}` has no option `{_short(found[1])}`: {_near(found[1], verb.options)}"
            )
        elif found[1] in options:
            raise DirectiveError(f"the option `{found[1]}` stands twice: leave one out.")
        else:
            options[found[1]] = found[2]
    return about, options


def _with_options(verb: _Verb) -> str:
    return f", and options ({', '.join(f'{name}=…' for name in verb.options)})" if verb.options else ""


def _check(about: str, _: Options) -> Ask:
    if not _NAME.fullmatch(about):
        raise DirectiveError(
            f"`{_short(about)}` is no name of a check, such as `health`, nor a kind (`http`)."
        )
    return AskCheck(about)


def _log(about: str, options: Options) -> Ask:
    try:
        check_pattern(about)
    except ValueError as error:
        raise DirectiveError(f"{error}.") from None
    since = options.get("since", "24h")
    return AskLog(
        about,
        Expect(_one_of(options, "expect", ("none", "some"), "none")),
        None if since in ("all", "start") else _span("since", since, " start or all"),
        since_start=since == "start",
        any_case=_one_of(options, "case", ("any", "exact"), "exact") == "any",
    )


def _metric(about: str, options: Options) -> Ask:
    if not _METRIC.fullmatch(about):
        raise DirectiveError(f"`{_short(about)}` is no name of a metric, such as `cpu_percent`.")
    limits = {name: _value(name, options[name], about) for name in ("below", "above") if name in options}
    if not limits:
        raise DirectiveError("`metric` needs a limit: `below=…` or `above=…`.")
    return AskMetric(
        about,
        limits.get("below"),
        limits.get("above"),
        _span("over", options["over"]) if "over" in options else None,
    )


def _port(about: str, _: Options) -> Ask:
    if about and not (about.isascii() and about.isdigit() and 0 < int(about) < 65536):
        raise DirectiveError(f"`{_short(about)}` is no port: one is a number from 1 to 65535.")
    return AskPort(int(about) if about else None)


def _restarts(_: str, options: Options) -> Ask:
    most = options.get("most", "3")
    if not (most.isascii() and most.isdigit() and len(most) <= 4):
        raise DirectiveError(f"`most` is a whole number such as 3, not `{_short(most)}`.")
    return AskRestarts(int(most), _span("within", options.get("within", "1h")))


def _disk(_: str, options: Options) -> Ask:
    return AskDisk(_value("free", options["free"], "_bytes") if "free" in options else None)


def _versions(_: str, __: Options) -> Ask:
    return AskVersions()


def _reach(_: str, __: Options) -> Ask:
    return AskReach()


_VERBS = {
    "check": _Verb(_check, about="the name or the kind of a check"),
    "log": _Verb(_log, ("since", "expect", "case"), "a pattern"),
    "metric": _Verb(_metric, ("below", "above", "over"), "the name of a metric"),
    "port": _Verb(_port, about="[a port]"),
    "restarts": _Verb(_restarts, ("most", "within")),
    "disk": _Verb(_disk, ("free",)),
    "versions": _Verb(_versions),
    "reach": _Verb(_reach),
}

VERBS = tuple(_VERBS)
"""All that a directive can begin with."""


def _one_of(options: Options, name: str, known: tuple[str, ...], usual: str) -> str:
    value = options.get(name, usual)
    if value not in known:
        raise DirectiveError(f"`{name}` is {' or '.join(known)}, not `{_short(value)}`.")
    return value


def _span(name: str, text: str, more: str = "") -> float:
    span = span_of(text)
    if not span:
        also = f",{more}" if more else ""
        raise DirectiveError(f"`{name}` is a span such as 30m, 24h or 7d{also}, not `{_short(text)}`.")
    return span


def _value(name: str, text: str, metric: str) -> float:
    """A limit in the unit of the metric's name; a number without a unit is in that one."""
    known, said = next((u for end, u in _UNITS.items() if metric.endswith(end)), ({}, ""))
    found = _NUMBER.fullmatch(text)
    if found is None or not math.isfinite(float(found[1])) or not (found[2] is None or found[2] in known):
        units = f"a number, with {said} behind it if you like" if said else "a number"
        raise DirectiveError(f"`{name}` is {units}, not `{_short(text)}`.")
    return float(found[1]) * known.get(found[2] or "", 1.0)


def _near(word: str, known: Iterable[str]) -> str:
    names = list(known)
    near = difflib.get_close_matches(word, names, n=1)
    if near:
        return f"did you mean `{near[0]}`?"
    return f"known are {', '.join(names)}." if names else "it has none."


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
