"""What people are not told of, in plain lines for the command line, and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from opsbot.domain.levels import Priority
from opsbot.domain.maintenance import Planned
from opsbot.domain.silence import Matcher, Muted, Silence
from opsbot.draw.incident import utc_text
from opsbot.text import one_line

_NAME, _REASON = 80, 300  # characters of one text


def silence_line(silence: Silence) -> str:
    """ "#3 bot, api, rule bot_process_down, P2 and below: until 2026-01-05 15:04:00 UTC, by Olga: deploy"."""
    kind = "maintenance of " if silence.maintenance else ""
    until = (
        f"until incident #{silence.until_resolved} is over"
        if silence.until_resolved
        else f"until {utc_text(silence.until.wall)}"
    )
    who = one_line(silence.actor.name, _NAME)
    return f"#{silence.id} {kind}{matcher_text(silence.matcher)}: {until}, by {who}{_why(silence.reason)}"


def matcher_text(matcher: Matcher) -> str:
    """ "all targets", "bot, api-*, rules disk_*, P3 and less urgent"."""
    parts = [_joined(matcher.targets) or "all targets"]
    if matcher.rules:
        parts.append(f"{'rule' if len(matcher.rules) == 1 else 'rules'} {_joined(matcher.rules)}")
    if matcher.least is not Priority.P1:
        less = "" if matcher.least is Priority.P4 else " and less urgent"
        parts.append(f"{matcher.least.value}{less}")
    return ", ".join(parts)


def window_line(planned: Planned) -> str:
    """ "“backup” of all targets, Sundays: goes on until …", "… begins …", "… is over"."""
    window = planned.window
    times = f", {one_line(window.times, _REASON)}" if window.times else ""
    name, targets = one_line(window.name, _NAME), _joined(window.targets) or "all targets"
    return f"“{name}” of {targets}{times}: {_stands(planned)}{_why(window.reason)}"


def muted_line(muted: Muted) -> str:
    """ "bot: Bot process is not running (bot_process_down, P1): silenced by Olga until …"."""
    alert = muted.alert
    what = f"{one_line(alert.target, _NAME)}: {one_line(alert.text, _REASON)}"
    return f"{what} ({one_line(alert.rule, _NAME)}, {alert.priority.value}): {one_line(muted.by, _REASON)}"


def silence_data(silence: Silence) -> dict[str, Any]:
    """For programs. `until`: seconds since 1970 UTC; None where an incident's end is waited for."""
    return {
        "number": silence.id,
        "maintenance": silence.maintenance,
        "targets": list(silence.matcher.targets),
        "rules": list(silence.matcher.rules),
        "least": silence.matcher.least.value,
        "until": None if silence.until_resolved else silence.until.wall,
        "until_resolved": silence.until_resolved or None,
        "by": one_line(silence.actor.name, _NAME),
        "reason": one_line(silence.reason, _REASON),
    }


def window_data(planned: Planned) -> dict[str, Any]:
    """For programs. Times in seconds since 1970 UTC."""
    return {
        "name": one_line(planned.window.name, _NAME),
        "targets": list(planned.window.targets),
        "times": one_line(planned.window.times, _REASON),
        "reason": one_line(planned.window.reason, _REASON),
        "ends": planned.ends.wall if planned.ends else None,
        "begins": planned.begins.wall if planned.begins else None,
    }


def muted_data(muted: Muted) -> dict[str, Any]:
    """For programs. `since`: seconds since 1970 UTC."""
    return {
        "target": one_line(muted.alert.target, _NAME),
        "rule": one_line(muted.alert.rule, _NAME),
        "priority": muted.alert.priority.value,
        "text": one_line(muted.alert.text, _REASON),
        "since": muted.alert.since.wall,
        "by": one_line(muted.by, _REASON),
    }


def maintenance_lines(held: list[Silence], planned: tuple[Planned, ...]) -> Iterator[str]:
    """What people have begun, then what the configuration plans."""
    yield from map(silence_line, held)
    yield from map(window_line, planned)


def _stands(planned: Planned) -> str:
    if planned.ends is not None:
        return f"goes on until {utc_text(planned.ends.wall)}"
    return "is over for good" if planned.begins is None else f"begins {utc_text(planned.begins.wall)}"


def _joined(names: tuple[str, ...]) -> str:
    return ", ".join(one_line(name, _NAME) for name in names)


def _why(reason: str) -> str:
    return f": {one_line(reason, _REASON)}" if reason else ""
