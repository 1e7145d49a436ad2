"""opsbot killed (-9) in the middle of a restart, by itself, at every side effect; then started again."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from opsbot.control.client import ask, running
from opsbot.demo.scene import TARGET
from tests import nursery
from tests.bound import BOUND
from tests.e2e import launcher
from tests.e2e.processes import eventually_asked
from tests.e2e.reading import text_of
from tests.e2e.stage import Stage
from tests.e2e.test_people import STARTED

ARMED = "armed"


@asynccontextmanager
async def doomed(stage: Stage, point: str) -> AsyncIterator[nursery.Child]:
    """`opsbot run` as a process of its own, up and well, that will kill itself at `point`."""
    environ = {
        **os.environ,
        "OPSBOT_DISCORD_TOKEN": stage.token,
        launcher.REST: stage.sim.rest_url,
        launcher.GATEWAY: stage.sim.gateway_url,
        launcher.DIE: point,
        launcher.ARMED: str(stage.folder / ARMED),
    }
    argv = (launcher.__name__, "run", "-c", str(stage.file))
    with (stage.folder / "opsbot.log").open("wb") as output:
        process = await asyncio.to_thread(
            nursery.born, argv, *launcher.READY, env=environ, stdout=output.fileno(), stderr=nursery.STDOUT
        )
    try:
        await well(stage)
        await stage.sim.wait_until_connected(BOUND)
        (stage.folder / ARMED).touch()
        yield process
    finally:
        process.kill()
        await asyncio.to_thread(process.wait)


async def well(stage: Stage) -> None:
    """Until the other process says that all is well and that it does nothing."""
    await eventually_asked(lambda: asyncio.to_thread(is_well, stage))


def is_well(stage: Stage) -> bool:
    """What the control socket says."""
    link = running(stage.state)
    if link is None:
        return False
    (answer,) = ask(link, {"verb": "health", "target": TARGET})
    return answer.get("exit") == 0 and not answer["data"][0]["notes"]


async def dies(process: nursery.Child) -> None:
    """It does, by -9."""
    assert await asyncio.to_thread(process.wait, BOUND) == -signal.SIGKILL


@pytest.mark.parametrize(
    ("point", "open_action"),
    [
        ("commit 1 before", False),
        ("start 1 after", True),
        ("send 1 after", True),
    ],
)
async def test_after_a_kill_during_an_automatic_restart_there_is_one_service_and_one_message(
    stage: Stage, point: str, open_action: bool
) -> None:
    async with doomed(stage, point) as opsbot:
        await stage.kill()
        await dies(opsbot)
    async with stage.opsbot():
        pid = stage.pid()
        over = await stage.message(1, lambda m: "resolved after" in text_of(m))
    assert ("was interrupted during this restart" in text_of(over)) is open_action
    assert stage.pids() == [pid]
    assert stage.log.read_text().count(STARTED) == 2
    assert [m.id for m in stage.of(1)] == [over.id]
    assert len(stage.alarms()) <= 1  # none, when it was over before anybody was told


@pytest.mark.parametrize("point", ["stop 1 after"])
async def test_a_restart_that_a_person_asked_for_is_finished_after_a_kill(stage: Stage, point: str) -> None:
    async with doomed(stage, point) as opsbot:
        old = stage.pid()
        link = await asyncio.to_thread(running, stage.state)
        assert link is not None
        asked = {"verb": "restart", "target": TARGET, "reason": "new version"}
        await asyncio.gather(asyncio.to_thread(list, ask(link, asked)), return_exceptions=True)
        await dies(opsbot)
    async with stage.opsbot():
        assert stage.pid() != old
    assert stage.log.read_text().count(STARTED) == 2
    assert stage.alarms() == []
