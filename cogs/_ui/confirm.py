"""Questions that wait for Confirm or Cancel: for one person, once, for a short time.

They live in memory alone. After a restart of the bot a button finds no question and says that it is over.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from opsbot.clock import Clock
from opsbot.domain.action import Rotate
from opsbot.domain.rule import ActionKind
from opsbot.draw.payload import Button, ButtonStyle
from opsbot.errors import UsageError

PATIENCE = 60.0
"""Seconds in which a question can be answered."""

AT_MOST = 100
"""Questions kept; the oldest goes first."""

OVER = "This question is over: it was answered, it waited too long, or opsbot was restarted. Ask again."

KEY = r"[A-Za-z0-9_-]{16}"
"""The random name of a question in a custom_id."""

CONFIRM = "opsbot:confirm:{key}"
CANCEL = "opsbot:cancel:{key}"


@dataclass(frozen=True, slots=True)
class Question:
    """An action to be confirmed by `asker` (a user id) before `deadline` (`Moment.mono`)."""

    asker: int
    kind: ActionKind
    target: str
    reason: str
    incident: int | None
    deadline: float
    rotate: Rotate | None = None


class Questions:
    """The open ones, by their random name."""

    def __init__(self, clock: Clock, patience: float = PATIENCE) -> None:
        self._clock = clock
        self._patience = patience
        self._open: dict[str, Question] = {}

    def ask(
        self,
        asker: int,
        kind: ActionKind,
        target: str,
        reason: str,
        incident: int | None = None,
        rotate: Rotate | None = None,
    ) -> str:
        """Keeps a question and returns its name."""
        key = secrets.token_urlsafe(12)
        deadline = self._clock.now().mono + self._patience
        self._open[key] = Question(asker, kind, target, reason, incident, deadline, rotate)
        while len(self._open) > AT_MOST:
            del self._open[next(iter(self._open))]
        return key

    def asker(self, key: str) -> int | None:
        """Whose question it is; None when it is not open."""
        question = self._open.get(key)
        return question.asker if question else None

    def take(self, key: str) -> Question:
        """Answers a question: a second press finds none.

        Raises:
            UsageError: it is over.
        """
        question = self._open.pop(key, None)
        if question is None or self._clock.now().mono > question.deadline:
            raise UsageError(OVER)
        return question


def confirm_row(key: str) -> tuple[Button, ...]:
    """Its two buttons."""
    return (
        Button("Confirm", CONFIRM.format(key=key), ButtonStyle.DANGER),
        Button("Cancel", CANCEL.format(key=key), ButtonStyle.SECONDARY),
    )
