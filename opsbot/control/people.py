"""The answers to what people do about incidents: acknowledge, note, assign, resolve."""

from __future__ import annotations

import pwd
from collections.abc import AsyncGenerator
from typing import Any

from opsbot.control.reports import Line
from opsbot.domain.actor import Actor, ActorKind
from opsbot.domain.incident import Incident
from opsbot.draw.summary import as_data, headline
from opsbot.errors import UsageError
from opsbot.runtime.port import Operations
from opsbot.text import one_line

NAME = 80
"""Characters of a person's name."""

NO_NUMBER = "`{key}` is a number such as 3."


async def acknowledge_line(
    operations: Operations, request: dict[str, Any], actor: Actor
) -> AsyncGenerator[Line, None]:
    """Takes an incident on."""
    changed = await operations.acknowledge(number_of(request, "incident"), actor, _said(request, "reason"))
    yield _answer(changed)


async def note_line(
    operations: Operations, request: dict[str, Any], actor: Actor
) -> AsyncGenerator[Line, None]:
    """Adds to an incident's timeline."""
    changed = await operations.people.note(number_of(request, "incident"), actor, _said(request, "text"))
    yield _answer(changed, "noted")


async def assign_line(
    operations: Operations, request: dict[str, Any], actor: Actor
) -> AsyncGenerator[Line, None]:
    """Gives an incident to somebody: to who asks, when nobody is named."""
    name = one_line(_said(request, "name"), NAME)
    to = _person(name) if name else actor
    changed = await operations.people.assign(number_of(request, "incident"), actor, to)
    yield _answer(changed, f"assigned to {one_line(to.name, NAME)}")


async def resolve_line(
    operations: Operations, request: dict[str, Any], actor: Actor
) -> AsyncGenerator[Line, None]:
    """Ends an incident."""
    number, reason = number_of(request, "incident"), _said(request, "reason")
    yield _answer(await operations.people.resolve(number, actor, reason))


def number_of(request: dict[str, Any], key: str) -> int:
    """
    Raises:
        UsageError: there is no whole number above 0.
    """
    value = request.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise UsageError(NO_NUMBER.format(key=key))
    return value


def _said(request: dict[str, Any], key: str) -> str:
    return str(request.get(key) or "")


def _person(name: str) -> Actor:
    """A user of this machine, or whoever is called so."""
    try:
        return Actor(ActorKind.CLI, str(pwd.getpwnam(name).pw_uid), name)
    except (KeyError, ValueError, OSError):
        return Actor(ActorKind.CLI, name, name)


def _answer(incident: Incident, done: str = "") -> Line:
    text = f"#{incident.id} {headline(incident)}"
    return {"text": f"{text} ({done})" if done else text, "data": as_data(incident), "exit": 0}
