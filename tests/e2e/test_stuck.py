"""A service that does not end when it is asked to: it is killed after its time, and that is told."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator

import pytest

from opsbot.supervisors import _proc
from tests.bound import BOUND
from tests.e2e.reading import custom_id, shown, text_of
from tests.e2e.stage import Stage
from tests.e2e.test_by_hand import use_command

KILLED = "had to be killed, for it did not stop within 0.5 s"


@pytest.fixture
async def stuck(stage: Stage) -> AsyncIterator[Stage]:
    """The time to stop is half a second, that of a health check two."""
    stage.edit("max_per_hour: 100,", "max_per_hour: 100, stop_timeout_seconds: 0.5,")
    stage.edit("timeout_seconds: 4}", "timeout_seconds: 2}")
    yield stage
    for pid in stage.pids():
        os.kill(pid, signal.SIGCONT)


async def test_a_stopped_service_fails_its_health_check_and_is_killed_for_its_restart(stuck: Stage) -> None:
    async with stuck.opsbot() as running:
        old = stuck.pid()
        os.kill(old, signal.SIGSTOP)
        await stuck.until(lambda: (stat := _proc.stat(old)) and stat.state == "T")
        new = await stuck.restarted(old)
        over = await stuck.resolved()
        assert "The health check fails" in text_of(over)
        assert KILLED in text_of(over)
        await stuck.until_well(running)
        assert stuck.pids() == [new]
    assert len(stuck.alarms()) == 1


async def test_one_that_ignores_sigterm_is_killed_and_the_channel_is_told(stuck: Stage) -> None:
    world = stuck.world
    use_command(stuck, [*stuck.command, "--ignore-sigterm"])
    async with stuck.opsbot() as running:
        old = stuck.pid()
        question = shown(await world.olga.slash(world.ops, "restart", reason="new version"))
        await world.olga.click(question, custom_id=custom_id(question, "Confirm"))
        told = await stuck.sim.wait_for_message(
            world.ops, lambda m: "summarybot: restarted" in text_of(m), timeout=BOUND
        )
        assert KILLED in text_of(told)
        assert "SIGTERM ignored" in stuck.log.read_text()
        assert await stuck.restarted(old) == stuck.pid()
        await stuck.until_well(running)
