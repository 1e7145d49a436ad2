"""A drill as it goes: what arrived where, and how long it took."""

from __future__ import annotations

from typing import Any

from opsbot.domain.drill import Drill, DrillLine, DrillState
from opsbot.draw.limits import EMBED_DESCRIPTION, clamp
from opsbot.draw.payload import Colour, Embed, Payload
from opsbot.text import one_line, safe_text, seconds_text, units

_NAME, _ERROR = 80, 300
_MARK = {
    DrillState.SENDING: "⏳",
    DrillState.ARRIVED: "✅",
    DrillState.FAILED: "❌",
    DrillState.OFF: "⚪",
}
_TERMINAL_MARK = {
    DrillState.SENDING: "?",
    DrillState.ARRIVED: "✓",
    DrillState.FAILED: "✗",
    DrillState.OFF: "-",
}
HEADS = ("NOTIFIER", "KIND", "RESULT")


def drill_payload(drill: Drill) -> Payload:
    """The drill as it stands, for its message; drawn anew with each change."""
    lines = [f"Asked by **{safe_text(drill.actor.name, _NAME) or 'somebody'}**. Nothing is wrong.", ""]
    left = EMBED_DESCRIPTION - 100 - units(lines[0])
    for number, line in enumerate(drill.lines):
        text = _line(line)
        left -= units(text) + 1
        if left < 0:
            lines.append(f"… and {len(drill.lines) - number} more")
            break
        lines.append(text)
    embed = Embed(title=_title(drill), description="\n".join(lines), colour=_colour(drill))
    return clamp(Payload(embeds=(embed,)))


def drill_table(drill: Drill) -> str:
    """The same for a terminal."""
    rows = [HEADS, *((one_line(x.notifier, _NAME), one_line(x.kind, _NAME), said(x)) for x in drill.lines)]
    wide = [max(len(row[column]) for row in rows) for column in (0, 1)]
    marks = [" ", *(_TERMINAL_MARK[_shown(line)] for line in drill.lines)]
    return "\n".join(
        f"{mark} {name:<{wide[0]}}  {kind:<{wide[1]}}  {text}"
        for mark, (name, kind, text) in zip(marks, rows, strict=True)
    )


def drill_progress(drill: Drill) -> str:
    """How far it is, in one line."""
    waiting = [one_line(x.notifier, _NAME) for x in drill.lines if x.state is DrillState.SENDING]
    return f"waiting for {', '.join(waiting)}" if waiting else "telling that the test is over"


def drill_data(drill: Drill) -> dict[str, Any]:
    """The same for programs: JSON types only, times in seconds."""
    return {
        "passed": drill.passed,
        "pings": drill.pings,
        "at": drill.at.wall,
        "asked_by": one_line(drill.actor.name, _NAME),
        "notifiers": [
            {
                "name": line.notifier,
                "kind": line.kind,
                "result": line.state.value,
                "seconds": round(line.seconds, 6),
                "error": one_line(line.error, _ERROR),
                "retry_may_help": line.retry,
                "end_error": one_line(line.end_error, _ERROR),
            }
            for line in drill.lines
        ],
    }


def said(line: DrillLine) -> str:
    """What came of it at one notifier, in plain words."""
    match line.state:
        case DrillState.OFF:
            return "off"
        case DrillState.SENDING:
            return "sending"
        case DrillState.FAILED:
            help_ = "trying again may help" if line.retry else "trying again cannot help"
            return f"{one_line(line.error, _ERROR).rstrip('.')} ({help_})"
    took = seconds_text(line.seconds)
    if not line.end_error:
        return took
    return f"arrived after {took}, but not that the test is over: {one_line(line.end_error, _ERROR)}"


def _shown(line: DrillLine) -> DrillState:
    return DrillState.FAILED if line.end_error else line.state


def _line(line: DrillLine) -> str:
    kind = f" ({safe_text(line.kind, _NAME)})" if line.kind != line.notifier else ""
    text = safe_text(said(line), 2 * _ERROR)
    return f"{_MARK[_shown(line)]} **{safe_text(line.notifier, _NAME)}**{kind}: {text}"


def _title(drill: Drill) -> str:
    if not drill.over:
        return "📣 DRILL: a test is being sent"
    if drill.passed:
        return "📣 DRILL over: it arrived everywhere"
    failed = [line for line in drill.lines if line.state is not DrillState.OFF and not line.passed]
    return f"📣 DRILL over: {len(failed)} failed" if failed else "📣 DRILL over: nothing was sent"


def _colour(drill: Drill) -> Colour:
    if not drill.over:
        return Colour.BLUE
    return Colour.GREEN if drill.passed else Colour.RED
