"""An action's steps with their times, as they happen."""

from __future__ import annotations

from opsbot.domain.action import Action, ActionState, Step, StepState
from opsbot.domain.rule import ActionKind
from opsbot.draw.limits import clamp
from opsbot.draw.marks import STEP_MARK
from opsbot.draw.payload import Colour, Embed, Field, Payload
from opsbot.draw.quoted import quote, result
from opsbot.text import discord_time, many_lines, one_line, safe_text, seconds_text

_NAME, _LINE, _TEXT, _LOG = 80, 120, 400, 4000
STEPS_SHOWN = 15

_WORDS = {
    ActionKind.RESTART: ("Restarting", "restarted", "Restart"),
    ActionKind.START: ("Starting", "started", "Start"),
    ActionKind.STOP: ("Stopping", "stopped", "Stop"),
    ActionKind.ROTATE_LOGS: ("Rotating the log of", "rotation done", "Rotation of the log"),
    ActionKind.INVESTIGATE: ("Collecting diagnostics of", "diagnostics collected", "Collecting diagnostics"),
    ActionKind.MONITOR: ("Watching closely", "watched closely", "Close watch"),
    ActionKind.CHECK_API_KEY: ("Checking the API key of", "API key checked", "Check of the API key"),
    ActionKind.NONE: ("Working on", "done", "Work"),
}
_COLOUR = {
    ActionState.RUNNING: Colour.BLUE,
    ActionState.DONE: Colour.GREEN,
    ActionState.FAILED: Colour.RED,
    ActionState.UNKNOWN: Colour.YELLOW,
}


def action_payload(action: Action) -> Payload:
    """The action as it stands; drawn anew with each step."""
    embed = Embed(
        title=_title(action),
        description=_description(action),
        colour=_COLOUR[action.state],
        fields=tuple(_fields(action)),
        footer=f"Action #{action.id}" + (f" · incident #{action.incident}" if action.incident else ""),
    )
    return clamp(Payload(embeds=(embed,)))


def step_line(number: int, step: Step) -> str:
    """A step for a terminal, "✓ 5. Start it (27 ms): pid 4711"; `number` counts from 1."""
    seconds = "" if step.state is StepState.SKIPPED else f" ({seconds_text(step.seconds)})"
    detail = f": {one_line(step.detail, _TEXT)}" if step.detail else ""
    return f"{_TERMINAL_MARK[step.state]} {number}. {one_line(step.title, _LINE)}{seconds}{detail}"


def result_lines(action: Action) -> str:
    """What came of it, for a terminal; the detail may be several lines (the target's last log lines)."""
    target, detail = one_line(action.target, _NAME), many_lines(action.detail, _LOG)
    if action.state is not ActionState.DONE:
        return f"Failed: {target}: {detail}"
    return f"Done: {target} {detail}" if action.on_service else f"Done: {target}: {detail}"


_TERMINAL_MARK = {
    StepState.WAITING: "·",
    StepState.RUNNING: "…",
    StepState.DONE: "✓",
    StepState.SKIPPED: "–",
    StepState.FAILED: "✗",
}


def _title(action: Action) -> str:
    marks = {ActionState.RUNNING: "🔄", ActionState.DONE: "✅", ActionState.FAILED: "❌"}
    return f"{marks.get(action.state, '❔')} {_headline(action, safe_text(action.target, _NAME))}"


def _headline(action: Action, target: str) -> str:
    doing, done, noun = _WORDS[action.kind]
    if action.state is ActionState.RUNNING:
        return f"{doing} {target}"
    if action.state is ActionState.DONE:
        return f"{target}: {done}" + (f" in {_took(action)}" if action.ended else "")
    if action.state is ActionState.FAILED:
        return f"{noun} of {target} failed" if action.kind is not ActionKind.NONE else f"{target}: failed"
    return f"{target}: opsbot stopped in the middle, please look"


def _took(action: Action) -> str:
    return seconds_text(action.ended.since(action.asked)) if action.ended else ""


def _description(action: Action) -> str:
    if not action.steps:
        return "⏳ About to begin." if action.state is ActionState.RUNNING else "No steps were recorded."
    lines = [_step(number, step) for number, step in enumerate(action.steps[:STEPS_SHOWN], 1)]
    if len(action.steps) > STEPS_SHOWN:
        lines.append(f"… and {len(action.steps) - STEPS_SHOWN} more")
    if words := quote(action.detail):
        lines += ["Its last lines:", words]
    return "\n".join(lines)


def _step(number: int, step: Step) -> str:
    title = safe_text(step.title, _LINE)
    title = f"**{title}**" if step.state is StepState.RUNNING else title
    line = f"{STEP_MARK[step.state]} {number}. {title}{_times(step)}"
    detail = safe_text(step.detail, _LINE)
    return f"{line}: {detail}" if detail else line


def _times(step: Step) -> str:
    if step.state in (StepState.WAITING, StepState.SKIPPED):
        return ""
    return f" ({seconds_text(step.seconds)})" if step.seconds > 0 else ""


def _fields(action: Action) -> list[Field]:
    who = safe_text(action.actor.name, _NAME) or "somebody"
    fields = [Field("Asked by", f"{who} {discord_time(action.asked.wall)}", inline=True)]
    if reason := safe_text(action.reason, _TEXT):
        fields.append(Field("Reason", reason, inline=True))
    if detail := safe_text(result(action.detail), _TEXT):
        fields.append(Field("Result" if action.ended else "Now", detail))
    return fields
