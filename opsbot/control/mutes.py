"""The answers to silences, maintenance and deploys."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from opsbot.control.people import number_of
from opsbot.control.reports import Line
from opsbot.domain.actor import Actor
from opsbot.domain.levels import Priority
from opsbot.domain.silence import LONGEST, SHORTEST, Matcher
from opsbot.draw.mute_lines import (
    maintenance_lines,
    muted_data,
    muted_line,
    silence_data,
    silence_line,
    window_data,
)
from opsbot.errors import UsageError
from opsbot.runtime.port import Operations
from opsbot.runtime.spans import seconds_of
from opsbot.text import one_line, seconds_text

MOST_PATTERNS, PATTERN = 50, 200
"""Names or patterns in one request, characters of each."""


async def begin_silence_line(
    operations: Operations, request: dict[str, Any], actor: Actor
) -> AsyncGenerator[Line, None]:
    """Begins a silence, or with `maintenance` that."""
    seconds = seconds_of(str(request.get("duration") or ""), "DURATION", SHORTEST, LONGEST)
    reason, maintenance = str(request.get("reason") or ""), bool(request.get("maintenance"))
    if maintenance and not reason.strip():
        raise UsageError("Maintenance needs a reason: say what is worked on.")
    begun = await operations.mutes.silence(_matcher(request), seconds, reason, actor, maintenance=maintenance)
    yield {"text": silence_line(begun), "data": silence_data(begun), "exit": 0}


async def silences_line(operations: Operations, _: dict[str, Any], __: Actor) -> AsyncGenerator[Line, None]:
    """What is silenced now, maintenance too."""
    held = await operations.mutes.silences()
    text = "\n".join(map(silence_line, held)) or "Nothing is silenced."
    yield {"text": text, "data": [silence_data(one) for one in held], "exit": 0}


async def end_silence_line(
    operations: Operations, request: dict[str, Any], actor: Actor
) -> AsyncGenerator[Line, None]:
    """Ends a silence, or with `maintenance` that, before its time."""
    number = number_of(request, "number")
    await _see(operations, number, maintenance=bool(request.get("maintenance")))
    over = await operations.mutes.end(number, actor)
    yield {"text": f"Ended: {silence_line(over)}", "data": silence_data(over), "exit": 0}


async def maintenance_line(
    operations: Operations, _: dict[str, Any], __: Actor
) -> AsyncGenerator[Line, None]:
    """What is under maintenance, and the windows of the configuration."""
    held = [one for one in await operations.mutes.silences() if one.maintenance]
    planned = await operations.mutes.windows()
    text = "\n".join(maintenance_lines(held, planned)) or "No maintenance goes on, and none is planned."
    data = {"now": [silence_data(one) for one in held], "windows": [window_data(one) for one in planned]}
    yield {"text": text, "data": data, "exit": 0}


async def unheard_line(operations: Operations, _: dict[str, Any], __: Actor) -> AsyncGenerator[Line, None]:
    """What fires and is told nobody, and why."""
    muted = await operations.mutes.muted()
    text = "\n".join(map(muted_line, muted)) or "Nothing that fires is muted."
    yield {"text": text, "data": [muted_data(one) for one in muted], "exit": 0}


async def deploy_line(
    operations: Operations, request: dict[str, Any], actor: Actor
) -> AsyncGenerator[Line, None]:
    """Marks a new version of a target."""
    minutes = request.get("minutes")
    if not isinstance(minutes, int | float) or isinstance(minutes, bool):
        raise UsageError("`minutes` is a number, such as 10.")
    target, version = str(request.get("target") or ""), str(request.get("version") or "")
    deploy = await operations.mutes.deploy(target, version, minutes * 60.0, actor)
    held = deploy.until.since(deploy.at)
    rest = f": automation leaves it alone for {seconds_text(held)}." if held > 0 else "."
    text = (
        f"Deploy of {one_line(deploy.version, PATTERN)} to {one_line(deploy.target, PATTERN)} is noted{rest}"
    )
    data = {
        "target": deploy.target,
        "version": deploy.version,
        "at": deploy.at.wall,
        "until": deploy.until.wall,
    }
    yield {"text": text, "data": data, "exit": 0}


async def _see(operations: Operations, number: int, *, maintenance: bool) -> None:
    """
    Raises:
        UsageError: that number is of the other kind.
    """
    for held in await operations.mutes.silences():
        if held.id == number and held.maintenance != maintenance:
            is_, other = ("maintenance", "maintenance") if held.maintenance else ("a silence", "silence")
            raise UsageError(f"#{number} is {is_}: `opsbot {other} end {number}` ends it.")


def _matcher(request: dict[str, Any]) -> Matcher:
    try:
        least = Priority(str(request.get("priority") or "P1").upper())
    except ValueError:
        raise UsageError(
            "`--priority` is P1, P2, P3 or P4: that and what is less urgent is silenced."
        ) from None
    return Matcher(_patterns(request, "targets"), _patterns(request, "rules"), least)


def _patterns(request: dict[str, Any], key: str) -> tuple[str, ...]:
    given = request.get(key) or []
    if not isinstance(given, list) or len(given) > MOST_PATTERNS:
        raise UsageError(f"`{key}` are at most {MOST_PATTERNS} names.")
    return tuple(dict.fromkeys(one_line(str(name), PATTERN) for name in given if str(name).strip()))
