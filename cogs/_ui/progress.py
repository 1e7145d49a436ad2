"""Something that changes fast, shown at a bearable pace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Generic, TypeVar

import structlog

from opsbot.clock import Clock

EDIT_EVERY = 1.0
"""Seconds between two edits of one message: Discord allows about five in five seconds."""

FINAL_TRIES = 5
"""How often the last state is tried before it is given up."""

T = TypeVar("T")

log = structlog.get_logger("opsbot.discord")


class _Newest(Generic[T]):
    """The newest of a stream; what nobody looked at in time is dropped."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()
        self._value: T | None = None
        self._ended = False

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self._ended and self._value is None

    async def read(self, stream: AsyncIterator[T]) -> None:
        """Keeps up with `stream` to its end."""
        try:
            async for value in stream:
                self._value = value
                self._changed.set()
        finally:
            self._ended = True
            self._changed.set()

    async def next(self) -> T | None:
        """The newest value that was not taken yet; None at the end."""
        await self._changed.wait()
        self._changed.clear()
        value, self._value = self._value, None
        return value


async def show_progress(
    stream: AsyncIterator[T],
    show: Callable[[T], Awaitable[None]],
    clock: Clock,
    every: float = EDIT_EVERY,
) -> T | None:
    """Shows the stream's newest state at most once in `every` seconds, and its last one for certain.

    A `show` that fails is passed over, the last one is repeated. Returns the last state.
    """
    newest: _Newest[T] = _Newest()
    last: T | None = None
    shown = True
    async with asyncio.TaskGroup() as group:
        group.create_task(newest.read(stream))
        while True:
            value = await newest.next()
            if value is not None:
                last, shown = value, await _shown(show, value)
            if newest.over:
                break
            await clock.sleep(every)
    if last is not None and not shown:
        await surely(last, show, clock, every)
    return last


async def surely(
    value: T, show: Callable[[T], Awaitable[None]], clock: Clock, every: float = EDIT_EVERY
) -> None:
    """Shows `value`, again after `every` seconds if that fails, `FINAL_TRIES` times in all."""
    for _ in range(FINAL_TRIES):
        if await _shown(show, value):
            return
        await clock.sleep(every)


async def _shown(show: Callable[[T], Awaitable[None]], value: T) -> bool:
    try:
        await show(value)
    except Exception as error:
        log.warning("a state could not be shown", error=repr(error))
        return False
    return True
