"""Runs actions: each is worked on step by step, shown while it runs, and its end made durable. Reads what a
target said last, when a person must find out why it ended.

Everything here may be cut off at any point (kill -9): an action is durable before its first step, so a
successor takes it up again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from opsbot.clock import Clock
from opsbot.domain.action import Action, ActionState
from opsbot.domain.rule import ActionKind
from opsbot.engine.inputs import ActionMoved, Input, LastLines
from opsbot.errors import RotationError, Stopping, SupervisorError
from opsbot.runtime.steps import StepBoard, StepFailed

REPORT_AGAIN = 5.0
"""Seconds between tries to record how an action ended."""

log = structlog.get_logger("opsbot.actions")


class Worker(Protocol):
    """Knows how to do some kinds of actions."""

    async def work(self, board: StepBoard, resumed: bool) -> str:
        """Does an action; returns what came of it, one clause for people. `resumed`: an earlier opsbot was
        cut off in the midst of it.

        Raises:
            StepFailed, SupervisorError, RotationError: it could not be done.
        """

    async def last_lines(self, target: str) -> list[str]:
        """What the report of a failure shows of the target's log; empty when that would not help."""


@dataclass(slots=True)
class Actions:
    """Runs actions by their kind. That no two get into each other's way is the guard's business."""

    workers: Mapping[ActionKind, Worker]
    clock: Clock
    done: Callable[[Input], Awaitable[object]]
    show: Callable[[Action], None]
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _waiting: list[tuple[Action, bool]] = field(default_factory=list)
    _unread: list[str] = field(default_factory=list)

    def begin(self, action: Action, resumed: bool = False) -> None:
        """Runs an action; returns at once."""
        self._waiting.append((action, resumed))
        self._arrived.set()

    def read_last_lines(self, target: str) -> None:
        """Has its incident show what a target said last; returns at once."""
        self._unread.append(target)
        self._arrived.set()

    async def run(self) -> None:
        """Runs actions until cancelled; one cut off stays open and is finished after the next start."""
        async with asyncio.TaskGroup() as group:
            while True:
                await self._arrived.wait()
                self._arrived.clear()
                for action, resumed in self._waiting:
                    group.create_task(self._run(action, resumed))
                self._waiting.clear()
                for target in self._unread:
                    group.create_task(self._read(target))
                self._unread.clear()

    async def _run(self, action: Action, resumed: bool) -> None:
        board = StepBoard(action, self.clock, self.show)
        hopeless = False
        try:
            ended = board.end(ActionState.DONE, await self.workers[action.kind].work(board, resumed))
        except (StepFailed, SupervisorError, RotationError) as failure:
            hopeless = isinstance(failure, SupervisorError) and failure.permanent
            text = _at_step(board, str(failure))
            worker = self.workers[action.kind]
            ended = board.end(ActionState.FAILED, await self._with_log(worker, action.target, text))
        except Stopping:
            return
        except Exception as broken:  # whatever breaks, the action must end, or it would block the target
            log.exception("action broke", target=action.target, action=action.id)
            ended = board.end(ActionState.FAILED, f"opsbot failed: {type(broken).__name__}: {broken}")
        await self._report(ActionMoved(ended, hopeless))

    async def _report(self, moved: ActionMoved) -> None:
        """Until the end is durable: an action that never ends would block its target. Only then is it shown,
        so that nobody who sees it ended is told that it is in progress."""
        while True:
            try:
                await self.done(moved)
            except Stopping:
                return  # it stays open, and is finished after the next start
            except Exception:
                log.exception("the end of an action is not recorded yet", action=moved.action.id)
                await self.clock.sleep(REPORT_AGAIN)
            else:
                self.show(moved.action)
                return

    async def _with_log(self, worker: Worker, target: str, text: str) -> str:
        return "\n".join([text, *await self._last_lines(worker, target)])

    async def _read(self, target: str) -> None:
        lines = await self._last_lines(self.workers[ActionKind.RESTART], target)
        try:
            await self.done(LastLines(target, tuple(lines)))
        except Stopping:
            return
        except Exception:
            log.warning("the target's last lines are not recorded", target=target, exc_info=True)

    async def _last_lines(self, worker: Worker, target: str) -> list[str]:
        try:
            return await worker.last_lines(target)
        except Exception:  # the failure itself is worth more than its context
            log.warning("the target's last lines cannot be read", target=target, exc_info=True)
            return []


def _at_step(board: StepBoard, text: str) -> str:
    step = board.failing()
    return f"{step}: {text}" if step else text
