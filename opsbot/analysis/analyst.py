"""Looks at logs in a thread, so that the event loop goes on; few at once, so that the machine does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

from opsbot.analysis.budget import Budget, Cancelled
from opsbot.analysis.scan import Subject, look
from opsbot.domain.logs import LogLook, LogProgress, Question
from opsbot.domain.rotation import LogSpec
from opsbot.domain.target import Target
from opsbot.errors import UsageError
from opsbot.logs.formats import PythonFormat

AT_ONCE = 2
"""Looks at the same time; others wait for their turn."""

TELL_EVERY = 8 << 20
"""Bytes of the files between two reports of progress."""


def subject_of(target: Target) -> Subject:
    """What the configuration says of a target's log.

    Raises:
        UsageError: it names none.
    """
    read = next((check.options for check in target.checks if check.kind == "log"), None)
    if target.rotation is not None:
        log = target.rotation.log
    elif read is not None:
        log = LogSpec(read.path, read.path.parent / "archive", read.path.stem)
    else:
        raise UsageError(f"No log of {target.name} is known: give it a check of the type `log`.")
    log_format = read.format if read is not None and read.path == log.path else PythonFormat()
    hosts = dict.fromkeys(str(check.options.host) for check in target.checks if check.kind == "upstream")
    return Subject(target.name, target.title, log, log_format, tuple(hosts))


class Analyst:
    """Answers questions."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._turn = asyncio.Semaphore(at_once)

    async def ask(self, subject: Subject, question: Question) -> AsyncGenerator[LogProgress | LogLook, None]:
        """How far it is, and at last the answer. When the generator is closed, reading ends.

        Raises:
            UsageError: there is no log, or the question has a mistake.
        """
        async with self._turn, aclosing(_asked(subject, question)) as states:
            async for state in states:
                yield state


async def _asked(subject: Subject, question: Question) -> AsyncGenerator[LogProgress | LogLook, None]:
    loop, stop = asyncio.get_running_loop(), threading.Event()
    told: asyncio.Queue[LogProgress | None] = asyncio.Queue()
    last = 0

    def tell(read: int) -> None:
        nonlocal last
        if read - last >= TELL_EVERY:
            last = read
            with suppress(RuntimeError):  # the loop is closed: nobody listens any more
                loop.call_soon_threadsafe(told.put_nowait, LogProgress(read))

    budget = Budget(question.seconds, question.most_bytes, tell, stop)
    work = loop.run_in_executor(None, look, subject, question, budget)
    work.add_done_callback(lambda _: told.put_nowait(None))
    try:
        while (progress := await told.get()) is not None:
            yield progress
        yield await work
    finally:
        stop.set()
        with suppress(Cancelled, UsageError):
            await asyncio.shield(work)
