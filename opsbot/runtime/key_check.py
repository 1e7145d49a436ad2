"""Finds out whether a target's keys still work: the worker of the action `check_api_key`. No key is ever in
what it says."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

from opsbot.clock import Clock
from opsbot.domain.action import StepName
from opsbot.domain.credential import Credential, KeyFound, KeyState
from opsbot.domain.logs import Lines, LogLook, LogProgress, Question, Topic
from opsbot.domain.target import Target
from opsbot.engine.state import State
from opsbot.errors import UsageError
from opsbot.runtime.steps import StepBoard, StepFailed
from opsbot.text import one_line

REFUSED = (
    r"\b401 Unauthorized\b|\bHTTP(?:/[\d.]+)? 401\b|invalid[ _-]?api[ _-]?key|incorrect api key|"
    r"\bAuthenticationError\b|authentication failed|improper token|\bLoginFailure\b|\bcode:? 4004\b"
)
"""What stands in a line about a key that was refused: httpx' and aiohttp's status, the words of OpenAI's and
OpenRouter's clients, discord.py's login, and Discord's close code."""

PAST = 3600.0
"""Seconds of the log that are looked at."""

_TEXT = 160

Ask = Callable[[str, Question], AsyncGenerator[LogProgress | LogLook, None]]
"""Asks a target's log, as `Operations.logs`."""


class Keys(Protocol):
    """Who knows where keys are, and asks those that give them out."""

    async def check(self, target: Target, credential: Credential) -> KeyFound:
        """Whether a key is there and accepted. Raises nothing but CancelledError."""


@dataclass(slots=True)
class KeyCheck:
    """Implements `actions.Worker`. One that was cut off is done anew."""

    state: State
    clock: Clock
    keys: Keys | None
    ask: Ask

    async def work(self, board: StepBoard, resumed: bool) -> str:  # noqa: ARG002 - the port's
        """Asks for each key of the target, and reads what the log says."""
        known = self.state.known.get(board.action.target)
        if self.keys is None or known is None or not known.target.credentials:
            raise StepFailed("the configuration names none of its keys any more")
        target = known.target
        with board.step(StepName.ASK) as say:
            found = [_told(one, await self.keys.check(target, one)) for one in target.credentials]
            say("; ".join(found))
        with board.step(StepName.READ) as say:
            read = await self._log(target.name)
            say(read)
        return "; ".join([*found, read])

    async def _log(self, target: str) -> str:
        since = self.clock.now().wall - PAST
        question = Question(Topic.SEARCH, since=since, lines=1, pattern=REFUSED, ignore_case=True)
        try:
            async with aclosing(self.ask(target, question)) as states:
                answers = [state.result async for state in states if isinstance(state, LogLook)]
        except UsageError as error:
            return f"the log cannot be asked: {one_line(str(error), _TEXT)}"
        count = sum(answer.total for answer in answers if isinstance(answer, Lines))
        if not count:
            return "no line of its log says in the last hour that a key was refused"
        lines = f"{count} lines of its log say" if count > 1 else "1 line of its log says"
        return f"{lines} in the last hour that a key was refused"

    async def last_lines(self, target: str) -> list[str]:  # noqa: ARG002 - the port's
        """The target's own lines say nothing about a check."""
        return []


def _told(credential: Credential, found: KeyFound) -> str:
    detail = f": {one_line(found.detail, _TEXT)}" if found.detail else ""
    name = f"the key {credential.name} ({credential.variable})"
    match found.state:
        case KeyState.ACCEPTED | KeyState.REFUSED:
            text = f"{name} is {found.state.value}{detail}"
        case KeyState.MISSING:
            text = f"{name} is missing{detail}"
        case _:
            text = f"whether {name} is accepted cannot be told{detail}"
    return text[0].upper() + text[1:]
