"""The answers to `runbooks`, `runbook_text` and `runbook`: lists, prints, and walks as far as nobody must be
asked."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from opsbot.control.answers import target_of
from opsbot.control.reports import Line
from opsbot.domain.actor import Actor
from opsbot.domain.walk import Mark, Walk
from opsbot.draw.walk import ANSWER_WORDS, listed_lines, step_text, walk_data, walk_lines
from opsbot.errors import UsageError
from opsbot.runtime.port import Operations
from opsbot.text import one_line

FINE, WRONG = 0, 1
"""Exit codes of a walk."""

_TITLE = 200


async def runbooks_line(
    operations: Operations, request: dict[str, Any], _: Actor
) -> AsyncGenerator[Line, None]:
    """What can be walked; what is wrong with the others, on stderr."""
    listed = await operations.walks.runbooks(str(request.get("target") or ""))
    for mistake in await operations.walks.mistakes():
        yield {"error": mistake}
    lines = listed_lines([one for one in listed if not one.mistake])
    yield {"text": "\n".join(lines) or "There are no runbooks.", "exit": 0}


async def runbook_text_line(
    operations: Operations, request: dict[str, Any], _: Actor
) -> AsyncGenerator[Line, None]:
    """A runbook as it is written."""
    yield {"text": (await operations.walks.source(str(request.get("name") or ""))).rstrip("\n"), "exit": 0}


async def runbook_lines(
    operations: Operations, request: dict[str, Any], actor: Actor
) -> AsyncGenerator[Line, None]:
    """Begins a walk, or answers the step of one, and goes on until a person must be asked; with `unattended`
    nobody is, and what is for people is left to do. The last line's `data` says which step is asked."""
    walk, since = await _stands(operations, request, actor)
    for remark in walk.remarks:
        yield {"error": remark}
    while not walk.over:
        if walk.due:
            number = walk.current or 1
            yield {"progress": f"{number}. {one_line(walk.steps[number - 1].title, _TITLE)} …"}
            walk = await operations.walks.advance(walk.id)
        elif request.get("unattended"):
            walk = await operations.walks.leave(walk.id)
        else:
            break
        for line in walk_lines(walk, since):
            yield {"text": line}
        since = (walk.current or len(walk.steps) + 1) - 1
    yield _last(walk)


async def _stands(operations: Operations, request: dict[str, Any], actor: Actor) -> tuple[Walk, int]:
    """The walk after what was asked, and up to which step it was shown."""
    if not request.get("walk"):
        target = target_of(operations, request)
        return await operations.walks.begin(str(request.get("name") or ""), target, actor), 0
    mark, step = ANSWER_WORDS.get(str(request.get("answer"))), request.get("step")
    if mark is None or not isinstance(step, int):
        raise UsageError("That is no answer to a step: are both of the same version?")
    return await operations.walks.answer(str(request["walk"]), step, mark, actor), step


def _last(walk: Walk) -> Line:
    line: Line = {"data": walk_data(walk), "exit": WRONG if walk.count(Mark.WRONG) else FINE}
    if walk.asks is not None:
        step = walk.steps[walk.asks - 1]
        asked = [f"▸ {walk.asks}. {one_line(step.title, _TITLE)}", *step_text(step)]
        return line | {"text": "\n".join(asked)}
    return line
