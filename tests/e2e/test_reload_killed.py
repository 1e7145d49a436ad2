"""opsbot killed (-9) in the middle of a change of its settings: one service, old settings or new."""

from __future__ import annotations

import asyncio

import pytest

from opsbot.control.client import ask, running
from opsbot.demo.scene import TARGET
from opsbot.domain.action import Wanted
from tests.e2e.reading import text_of
from tests.e2e.reloads import RENAMED, manual
from tests.e2e.stage import Stage
from tests.e2e.test_opsbot_killed import dies, doomed
from tests.e2e.test_people import STARTED

STEPS = (
    "hand_over 1 before",
    "hand_over 1 after",
    "commit 1 before",
    "commit 1 after",
    "history 1 before",
    "history 1 after",
)


async def reload(stage: Stage) -> None:
    """Asks for it; the answer never comes."""
    link = await asyncio.to_thread(running, stage.state)
    assert link is not None
    answer = await asyncio.to_thread(list, ask(link, {"verb": "reload"}))
    assert answer[-1].get("error"), answer


@pytest.mark.parametrize("point", STEPS)
async def test_a_renamed_target_is_one_and_keeps_its_past(stage: Stage, point: str) -> None:
    manual(stage)
    async with doomed(stage, point) as opsbot:
        pid = stage.pid()
        stage.edit(f"  {TARGET}:\n", f"  {RENAMED}:\n")
        await reload(stage)
        await dies(opsbot)
    assert stage.pids() == [pid]
    async with stage.opsbot(well=False) as again:
        state = again.runtime.pipeline.state
        assert list(state.known) == [RENAMED]
        assert state.desired[RENAMED].wanted is Wanted.RUNNING
        assert state.desired[RENAMED].generation == 1, "the first start's, not one of a new target"
        await stage.until(lambda: again.runtime.processes.running(RENAMED))
        assert stage.pids() == [pid]
        old = await stage.kill()
        assert "killed by SIGKILL" in text_of(await stage.message(1))
        await stage.restarted(old)
        await stage.resolved(1)
    assert stage.log.read_text().count(STARTED) == 2


@pytest.mark.parametrize("point", ["hand_over 1 before", "hand_over 1 after"])
async def test_other_changes_are_in_effect_after_the_next_start(stage: Stage, point: str) -> None:
    manual(stage)
    async with doomed(stage, point) as opsbot:
        pid = stage.pid()
        stage.edit("title: Summary Bot NG", "title: The Shop")
        await reload(stage)
        await dies(opsbot)
    async with stage.opsbot() as again:
        assert stage.pids() == [pid]
        assert again.runtime.ops.targets()[0].title == "The Shop"
    assert stage.log.read_text().count(STARTED) == 1
