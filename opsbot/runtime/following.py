"""The progress of actions, for whoever follows it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field

from opsbot.domain.action import Action, ActionState
from opsbot.errors import Stopping, UsageError

KEPT_ACTIONS = 50
"""Ended actions that can still be followed."""


@dataclass(slots=True)
class Followers:
    """What was shown of each action, and who waits for more."""

    _shown: dict[int, Action] = field(default_factory=dict)
    _queues: dict[int, list[asyncio.Queue[Action | None]]] = field(default_factory=dict)
    _closed: bool = False

    async def follow(self, action: int, running: Mapping[int, Action]) -> AsyncGenerator[Action, None]:
        """The action each time its steps change, ending with the one that has ended. `running`: those under
        way, also the ones of which nothing was shown yet.

        Raises:
            UsageError: there is no such action.
            Stopping: opsbot ends before it does.
        """
        known: Action | None = self._shown.get(action) or running.get(action)
        if known is None:
            raise UsageError(f"There is no action {action} among the recent ones.")
        queue: asyncio.Queue[Action | None] = asyncio.Queue()
        self._queues.setdefault(action, []).append(queue)
        try:
            yield known
            while known.state is ActionState.RUNNING:
                known = None if self._closed else await queue.get()
                if known is None:
                    raise Stopping("opsbot is stopping: the action is finished after its next start.")
                yield known
        finally:
            self._leave(action, queue)

    def _leave(self, action: int, queue: asyncio.Queue[Action | None]) -> None:
        queues = self._queues[action]
        queues.remove(queue)
        if not queues:
            del self._queues[action]

    def show(self, action: Action) -> None:
        """Hands an action's progress to whoever follows it."""
        self._shown[action.id] = action
        ended = [n for n, shown in self._shown.items() if shown.state is not ActionState.RUNNING]
        for number in ended[:-KEPT_ACTIONS]:
            del self._shown[number]
        for queue in self._queues.get(action.id, []):
            queue.put_nowait(action)

    def go_on(self, before: Followers) -> None:
        """Takes over the actions that can still be followed."""
        self._shown = dict(before._shown)

    def close(self) -> None:
        """The runtime ends: whoever follows an action is told so."""
        self._closed = True
        for queues in self._queues.values():
            for queue in queues:
                queue.put_nowait(None)
