"""A log that is deleted is looked for once a look, however long that lasts, and nobody is woken for it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from opsbot.domain.levels import Outcome
from opsbot.logs.feed import Availability
from opsbot.testing import VirtualClock
from tests.checks.support import build, context
from tests.logs.support import Log, line, write

LOOKS = 50

FEW = 4
"""Times that a look asks for the path: to find it absent, and once more when it was there a moment ago."""


async def test_a_look_for_it_costs_a_few_calls_however_long_it_is_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(tmp_path)
    log.write(line())
    await log.feed.refresh()
    log.path.unlink()
    asked: list[object] = []
    stat = os.stat

    def counting(path: Any, *args: Any, **more: Any) -> os.stat_result:
        if str(path) == str(log.path):
            asked.append(path)
        return stat(path, *args, **more)

    monkeypatch.setattr(os, "stat", counting)
    for _ in range(LOOKS):
        await log.feed.refresh()
        assert log.feed.state.availability is Availability.MISSING
    monkeypatch.undo()
    assert LOOKS <= len(asked) <= FEW * LOOKS
    log.write(line("ERROR"))
    await log.feed.refresh()
    assert (log.feed.state.availability, log.feed.counts.errors) == (Availability.READABLE, 1)


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_deleted_and_made_anew_again_and_again_it_holds_one_descriptor(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.write(line())
    await log.feed.refresh()
    held = descriptors()
    for number in range(LOOKS):
        log.path.unlink()
        if number % 2:
            await log.feed.refresh()
        log.write(line("ERROR"))
        await log.feed.refresh()
    for _ in range(20):  # what was deleted is let go of, a while after its last line
        await log.feed.refresh()
    assert log.feed.counts.errors == LOOKS
    assert descriptors() <= held


async def test_no_check_is_woken_for_an_absent_log(tmp_path: Path) -> None:
    woken: list[None] = []
    path = tmp_path / "bot.log"
    write(path, line())
    check = build("log", context(clock=VirtualClock(), wake=lambda: woken.append(None)), path=path)
    assert (await check.look()).outcome is Outcome.OK
    path.unlink()
    for _ in range(LOOKS):
        assert (await check.look()).outcome is Outcome.DEGRADED
    write(path, line())
    assert (await check.look()).outcome is Outcome.OK
    await check.close()
    assert woken == []
