"""What each request is answered with, drawn as text and given as data."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict
from typing import Any

from opsbot.control.reports import Line, health_answer
from opsbot.domain.action import Action, ActionState, Rotate, StepState
from opsbot.domain.actor import Actor
from opsbot.domain.drill import Drill
from opsbot.domain.incident import Incident
from opsbot.domain.reload import Outcome
from opsbot.domain.rule import ActionKind
from opsbot.draw.action import result_lines, step_line
from opsbot.draw.drill import drill_data, drill_progress, drill_table
from opsbot.draw.reload import reload_lines
from opsbot.draw.summary import as_data, headline
from opsbot.errors import EXIT_CONFIG, UsageError
from opsbot.runtime.port import Operations
from opsbot.text import one_line

MB = 2**20

LINE = 300
"""Characters of one line of a list: what is done about an incident, why a process was not taken."""


def target_of(operations: Operations, request: dict[str, Any]) -> str:
    """The target that a request names, or the only one there is.

    Raises:
        UsageError: none is named and there are several.
    """
    named = request.get("target")
    if named:
        return str(named)
    names = [info.name for info in operations.targets()]
    if len(names) != 1:
        raise UsageError(f"Which target? Known are {', '.join(names)}.")
    return names[0]


async def health_line(
    operations: Operations, request: dict[str, Any], _: Actor
) -> AsyncGenerator[Line, None]:
    """The report of one target, or of all when none is named."""
    named = request.get("target")
    targets = [str(named)] if named else [info.name for info in operations.targets()]
    reports = [await operations.health(t, fresh=bool(request.get("fresh"))) for t in targets]
    yield health_answer(reports)


async def targets_line(operations: Operations, _: dict[str, Any], __: Actor) -> AsyncGenerator[Line, None]:
    """The names of all targets."""
    names = [info.name for info in operations.targets()]
    yield {"text": "\n".join(names), "data": names, "exit": 0}


async def incidents_line(operations: Operations, _: dict[str, Any], __: Actor) -> AsyncGenerator[Line, None]:
    """The live incidents."""
    live = operations.incidents()
    text = "\n".join(map(incident_row, live)) or "No open incidents."
    yield {"text": text, "data": [as_data(i) for i in live], "exit": 0}


def incident_row(incident: Incident) -> str:
    """A line of a list, and what is done about it."""
    doing = f"\n   {one_line(incident.doing, LINE)}" if incident.doing else ""
    return f"#{incident.id} {headline(incident)}{doing}"


async def pause_line(
    operations: Operations, request: dict[str, Any], actor: Actor
) -> AsyncGenerator[Line, None]:
    """Holds a target's automation."""
    target = target_of(operations, request)
    minutes = _number(request, "minutes")
    await operations.pause(target, minutes * 60, str(request.get("reason", "")), actor)
    yield {"text": f"Automation of {target} is paused for {minutes:g} min.", "exit": 0}


def _number(request: dict[str, Any], key: str) -> float:
    try:
        number = float(request.get(key) or 0)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise UsageError(f"`{key}` is a number, such as 30.")
    return number


async def resume_line(
    operations: Operations, request: dict[str, Any], actor: Actor
) -> AsyncGenerator[Line, None]:
    """Ends a pause."""
    target = target_of(operations, request)
    was = await operations.resume(target, actor)
    yield {"text": f"Automation of {target} is on." if was else f"{target} was not paused.", "exit": 0}


async def reload_line(
    operations: Operations, request: dict[str, Any], actor: Actor
) -> AsyncGenerator[Line, None]:
    """Reads the configuration anew, or only says what would change; exit codes as of `check-config`."""
    report = await operations.reload(actor, dry=bool(request.get("dry")))
    codes = {Outcome.INVALID: EXIT_CONFIG, Outcome.FAILED: 1}
    yield {
        "text": "\n".join(reload_lines(report)),
        "data": asdict(report),
        "exit": codes.get(report.outcome, 0),
    }


async def action_lines(
    operations: Operations, request: dict[str, Any], actor: Actor
) -> AsyncGenerator[Line, None]:
    """Restarts, starts or stops a target, as the request's verb says; one line a step as it happens."""
    target = target_of(operations, request)
    kind = ActionKind(str(request["verb"]))
    action = await operations.act(target, kind, str(request.get("reason", "")), actor)
    async for line in _progress(operations, action):
        yield line


async def rotate_lines(
    operations: Operations, request: dict[str, Any], actor: Actor
) -> AsyncGenerator[Line, None]:
    """Rotates a target's log; one line a step as it happens, and how far it is in between."""
    target = target_of(operations, request)
    keep = None if request.get("keep") is None else int(_number(request, "keep"))
    wanted = Rotate(int(_number(request, "max_size_mb") * MB), keep)
    plan = await operations.plan_rotation(target)
    if plan.warning and plan.size >= wanted.min_bytes:
        yield {"text": f"⚠ {plan.warning}"}
    action = await operations.rotate(target, str(request.get("reason", "")), actor, wanted)
    async for line in _progress(operations, action):
        yield line


async def adopt_line(
    operations: Operations, request: dict[str, Any], actor: Actor
) -> AsyncGenerator[Line, None]:
    """Takes a process for the target's; without a pid, lists what looks like it."""
    target = target_of(operations, request)
    if request.get("pid"):
        running = await operations.adopt(target, int(_number(request, "pid")), actor)
        yield {"text": f"pid {running.process.pid} is now {target}: opsbot keeps it running.", "exit": 0}
        return
    found = await operations.candidates(target)
    lines = [f"pid {pid}: {one_line(reason, LINE)}" for pid, reason in found]
    yield {"text": "\n".join(lines) or f"Nothing else looks like {target}.", "exit": 0}


async def drill_lines(
    operations: Operations, request: dict[str, Any], actor: Actor
) -> AsyncGenerator[Line, None]:
    """Sends a test through one notifier or all; how far it is, then the table of what arrived."""
    notifier = str(request["notifier"]) if request.get("notifier") else None
    drill: Drill | None = None
    async with aclosing(operations.drill(actor, notifier, ping=bool(request.get("ping")))) as progress:
        async for drill in progress:
            yield {"progress": drill_progress(drill)}
    if drill is not None:
        yield {"text": drill_table(drill), "data": drill_data(drill), "exit": 0 if drill.passed else 1}


async def _progress(operations: Operations, action: Action) -> AsyncGenerator[Line, None]:
    shown = -1
    async with aclosing(operations.follow(action.id)) as progress:
        async for action in progress:
            for number, step in enumerate(action.steps):
                if number > shown and step.state not in (StepState.WAITING, StepState.RUNNING):
                    shown = number
                    yield {"text": step_line(number + 1, step)}
                elif step.state is StepState.RUNNING and step.detail:
                    yield {"progress": step_line(number + 1, step)}
    yield {"text": result_lines(action), "exit": 0 if action.state is ActionState.DONE else 1}
