"""The signs and words that stand for states, the same in every message."""

from __future__ import annotations

from opsbot.domain.action import StepState
from opsbot.domain.levels import IncidentState, Outcome, Priority
from opsbot.draw.payload import Colour

OUTCOME_MARK = {
    Outcome.OK: "✓",
    Outcome.DEGRADED: "⚠",
    Outcome.UNKNOWN: "?",
    Outcome.FAIL: "✗",
    Outcome.ERROR: "✗",
    Outcome.TIMEOUT: "✗",
}

OUTCOME_WORD = {
    Outcome.OK: "OK",
    Outcome.DEGRADED: "WARNING",
    Outcome.UNKNOWN: "UNKNOWN",
    Outcome.FAIL: "FAILED",
    Outcome.ERROR: "CHECK BROKE",
    Outcome.TIMEOUT: "NO ANSWER IN TIME",
}

OUTCOME_COLOUR = {
    Outcome.OK: Colour.GREEN,
    Outcome.DEGRADED: Colour.YELLOW,
    Outcome.UNKNOWN: Colour.GREY,
    Outcome.FAIL: Colour.RED,
    Outcome.ERROR: Colour.RED,
    Outcome.TIMEOUT: Colour.RED,
}

PRIORITY_COLOUR = {
    Priority.P1: Colour.RED,
    Priority.P2: Colour.ORANGE,
    Priority.P3: Colour.YELLOW,
    Priority.P4: Colour.BLUE,
}

PRIORITY_DOT = {Priority.P1: "🔴", Priority.P2: "🟠", Priority.P3: "🟡", Priority.P4: "🔵"}

STATE_DOT = {IncidentState.ACKNOWLEDGED: "🟣", IncidentState.RESOLVED: "🟢"}
STATE_COLOUR = {IncidentState.ACKNOWLEDGED: Colour.PURPLE, IncidentState.RESOLVED: Colour.GREEN}

STEP_MARK = {
    StepState.WAITING: "▫️",
    StepState.RUNNING: "⏳",
    StepState.DONE: "✅",
    StepState.SKIPPED: "➖",
    StepState.FAILED: "❌",
}


def incident_dot(state: IncidentState, priority: Priority) -> str:
    """Red to blue by priority while open, violet when somebody has it, green when over."""
    return STATE_DOT.get(state, PRIORITY_DOT[priority])


def incident_colour(state: IncidentState, priority: Priority) -> Colour:
    """The colour of `incident_dot`."""
    return STATE_COLOUR.get(state, PRIORITY_COLOUR[priority])
