"""The answer to `logs`, the same from a running opsbot and from a command that looks by itself."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from opsbot.analysis.since import since_of
from opsbot.control.answers import target_of
from opsbot.control.reports import Line
from opsbot.domain.actor import Actor
from opsbot.domain.logs import USUAL_REQUEST, Lines, LogLook, LogProgress, Question, Topic
from opsbot.draw.logs import logs_data, logs_notes, logs_text
from opsbot.errors import OpsbotError, UsageError
from opsbot.runtime.port import Operations
from opsbot.text import bytes_text, printable

FOUND, NOTHING, TROUBLE = 0, 1, 2
"""Exit codes of a search, as grep has them; other questions have no NOTHING."""

MOST_LINES = 1_000_000
MOST_SECONDS = 3600.0


async def log_lines(operations: Operations, request: dict[str, Any], _: Actor) -> AsyncGenerator[Line, None]:
    """How far reading is, what must be said (on stderr), and the answer."""
    try:
        question = question_of(request, time.time())
        async with aclosing(operations.logs(target_of(operations, request), question)) as states:
            async for state in states:
                for line in answer(state):
                    yield line
    except OpsbotError as refusal:
        yield {"error": printable(str(refusal)), "exit": TROUBLE}


def question_of(request: dict[str, Any], now: float) -> Question:
    """
    Raises:
        UsageError: something in the request is wrong.
    """
    try:
        return Question(
            topic=Topic(request["topic"]),
            since=since_of(str(request.get("since") or "all"), now),
            lines=_bounded(int(request.get("lines") or 20), MOST_LINES),
            pattern=str(request.get("pattern") or ""),
            plain=bool(request.get("plain")),
            ignore_case=bool(request.get("ignore_case")),
            request=str(request.get("request") or USUAL_REQUEST),
            host=str(request.get("host") or ""),
            seconds=_bounded(float(request.get("seconds") or 60), MOST_SECONDS),
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        raise UsageError("That is no question about a log: are both of the same version?") from None


def answer(state: LogProgress | LogLook) -> list[Line]:
    """One state, as lines of an answer."""
    if isinstance(state, LogProgress):
        return [{"progress": f"Reading the log … {bytes_text(state.read)}"}]
    text, code = logs_text(state), FOUND
    if isinstance(state.result, Lines):
        text = text if state.result.lines else ""
        code = NOTHING if state.question.topic is Topic.SEARCH and not state.result.total else FOUND
    said: Line = {"data": logs_data(state), "exit": code}
    return [*({"error": note} for note in logs_notes(state)), said | ({"text": text} if text else {})]


def _bounded(value: float, most: float) -> Any:
    if not 0 < value <= most:
        raise ValueError(value)
    return value
