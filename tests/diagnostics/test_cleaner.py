"""A long text is cleaned in a process of its own, which knows what opsbot knows."""

from __future__ import annotations

import asyncio

import psutil
import pytest

from opsbot import redact
from opsbot.diagnostics import cleaner
from opsbot.diagnostics.base import NotCollected
from opsbot.diagnostics.cleaner import LONG, clean
from opsbot.diagnostics.cleaning import cleaned
from opsbot.diagnostics.threads import Threads
from tests.bound import BOUND
from tests.diagnostics.children import children_with

KNOWN = "correct horse/battery staple"
LINE = f"2026-01-05 15:04:21 a {KNOWN} b password=hunter2hunter2 \ud800 ünïcode\n"


@pytest.mark.parametrize("size", [LONG // 4, LONG * 4])
async def test_long_and_short_texts_come_out_alike(size: int) -> None:
    text = LINE * (size // len(LINE))
    with redact.hidden([KNOWN]):
        piece = await clean("logs.txt", text, Threads(), tail=True)
        assert piece == cleaned("logs.txt", text, tail=True)
    assert b"battery" not in piece.data
    assert b"hunter2" not in piece.data
    assert piece.hidden["loaded"] == text.count(KNOWN)


async def test_what_cannot_be_cleaned_is_not_given_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaner, "WORKER", "opsbot.diagnostics.no_such_worker")
    with pytest.raises(NotCollected, match="could not be cleaned"):
        await clean("logs.txt", "x\n" * LONG, Threads())


async def test_whoever_is_cancelled_leaves_no_process() -> None:
    task = asyncio.create_task(clean("logs.txt", LINE * (8 * LONG // len(LINE)), Threads()))
    async with asyncio.timeout(BOUND):
        while not children_with(cleaner.WORKER):
            await asyncio.to_thread(psutil.cpu_percent, 0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert children_with(cleaner.WORKER) == []
