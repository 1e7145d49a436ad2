"""What the checks' tests share: contexts, real child processes, looks."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from opsbot import registry
from opsbot.checks import _proc
from opsbot.checks.base import Check, CheckContext
from opsbot.clock import Clock, SystemClock
from opsbot.domain.process import ProcessId
from opsbot.domain.sample import Finding, Observation
from opsbot.logs.files import FileLogFeeds
from tests.bound import BOUND

SLEEPER = "import sys; print('up', flush=True); sys.stdin.read()"
"""A child that says when it is up and ends when its standard input does."""


def context(
    process: Callable[[], ProcessId | None] = lambda: None,
    *,
    clock: Clock | None = None,
    wake: Callable[[], None] = lambda: None,
    one_shot: bool = False,
) -> CheckContext:
    """A context with real logs."""
    clock = clock or SystemClock()
    return CheckContext(
        "bot", clock, process, FileLogFeeds(clock, one_shot=one_shot), wake=wake, one_shot=one_shot
    )


def build(kind: str, given: CheckContext | None = None, **options: Any) -> Check:
    """A check of a kind, built as the runtime does."""
    module = registry.load("opsbot.checks", kind)
    check: Check = module.build(module.Options(**options), given or context())
    return check


async def look(kind: str, given: CheckContext | None = None, **options: Any) -> Observation:
    """One look of a new check, which is closed again."""
    check = build(kind, given, **options)
    try:
        return await check.look()
    finally:
        await check.close()


def lines(seen: Observation) -> list[tuple[str, str, str]]:
    """The findings as (outcome, label, text)."""
    return [(str(f.outcome), f.label, f.text) for f in seen.findings]


def only(seen: Observation) -> Finding:
    """The one finding."""
    (finding,) = seen.findings
    return finding


@contextmanager
def child(
    *arguments: str, code: str = SLEEPER, argv: list[str] | None = None, **options: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """A Python that runs `code` (or `argv`); entered when it has said something, ended when left."""
    command = argv or [sys.executable, "-c", code, *arguments]
    started = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)
    try:
        assert started.stdout is not None
        assert started.stdout.readline(), "the child did not come up"
        yield started
    finally:
        started.kill()
        started.communicate()


def identity(pid: int) -> ProcessId:
    """Who a running process is."""
    ticks = _proc.start_ticks(pid)
    assert ticks is not None
    return ProcessId(SystemClock().boot_id, pid, ticks)


async def until(true: Callable[[], bool], seconds: float = BOUND) -> None:
    """Returns when something has become true; fails after `seconds`."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - another process's state has no event
            await asyncio.sleep(0.005)
