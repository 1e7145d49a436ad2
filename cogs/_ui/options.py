"""Options that several commands share."""

from __future__ import annotations

import difflib

from discord import app_commands

from cogs._ui.host import Asked
from opsbot.draw.values import metric_label
from opsbot.errors import UsageError
from opsbot.runtime.port import Operations
from opsbot.text import one_line

SUGGESTIONS = 25  # https://discord.com/developers/docs/interactions/application-commands: choices
_CHOICE = 100  # the same: characters of a choice's name and value
_NAMED = 10  # targets that an error names
WINDOWS = ("15m", "1h", "6h", "24h", "7d", "30d")

Choices = list[app_commands.Choice[str]]


async def suggest_targets(asked: Asked, current: str) -> Choices:
    """Targets whose name or title contains what was typed. Outsiders were turned away by the tree."""
    typed = current.casefold()
    targets = asked.client.operations.targets()
    return suggestions([t.name for t in targets if typed in f"{t.name} {t.title}".casefold()])


async def suggest_windows(_: Asked, current: str) -> Choices:
    """Usual spans."""
    return suggestions([window for window in WINDOWS if window.startswith(current.strip().lower())])


async def suggest_metrics(asked: Asked, current: str) -> Choices:
    """Metrics that go on with what was typed after the last comma."""
    before, comma, typed = current.rpartition(",")
    head, typed = f"{before}{comma} ".lstrip(), typed.strip().casefold()
    try:
        target = the_target(asked.client.operations, getattr(asked.namespace, "target", None))
        names = await asked.client.operations.metric_names(target)
    except UsageError:
        return []
    said = {part.strip() for part in before.split(",")}
    found = [n for n in names if n not in said and typed in f"{n} {metric_label(n)}".casefold()]
    return suggestions([f"{head}{name}" for name in found])


def suggestions(names: list[str]) -> Choices:
    """At most as many as Discord shows; a name that it would refuse is left out."""
    fitting = [name for name in names if 1 <= len(name) <= _CHOICE]
    return [app_commands.Choice(name=one_line(n, _CHOICE), value=n) for n in fitting[:SUGGESTIONS]]


def the_target(operations: Operations, given: str | None) -> str:
    """The target that was named, or the only one.

    Raises:
        UsageError: there is no such one, or none was named and there is not exactly one.
    """
    names = [info.name for info in operations.targets()]
    if given in names:
        return given
    if given is None and len(names) == 1:
        return names[0]
    known = ", ".join(names[:_NAMED]) or "none"
    known += f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    if given is None:
        raise UsageError(f"There is not exactly one target, say which. Known: {known}.")
    near = difflib.get_close_matches(given, names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known: {known}."
    raise UsageError(f"There is no target “{one_line(given, _CHOICE)}”: {hint}")
