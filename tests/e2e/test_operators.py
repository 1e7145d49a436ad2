"""People's word over the service: one restart however often it is asked for, and a stop that holds."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

from tests.e2e.processes import gone
from tests.e2e.reading import custom_id, said, shown
from tests.e2e.stage import Running, Stage
from tests.e2e.test_by_hand import looks
from tests.e2e.test_people import STARTED

PRESSES = 20


async def asked(stage: Stage, person: Any, action: str = "restart") -> Any:
    """The question that a person gets."""
    return shown(await person.slash(stage.world.ops, "restart", action=action, reason="deploy"))


async def confirm(person: Any, question: Any) -> str:
    """What a person is answered who confirms."""
    return said(await person.click(question, custom_id=custom_id(question, "Confirm")))


async def test_restart_pressed_twenty_times_by_two_people_is_one_restart(stage: Stage) -> None:
    stage.edit("restart: {", "restart: {stop_timeout_seconds: 60, ")
    world = stage.world
    anna = world.add_person("anna", world.admin)
    people = [(world.olga, anna)[number % 2] for number in range(PRESSES)]
    async with stage.opsbot() as running:
        old = stage.pid()
        questions = [await asked(stage, person) for person in people]
        os.kill(old, signal.SIGSTOP)  # the restart lasts until it may go on
        pairs = zip(people, questions, strict=True)
        presses = [who.click(question, custom_id=custom_id(question, "Confirm")) for who, question in pairs]
        answers = await asyncio.gather(*presses)

        def refused() -> list[str]:
            return [text for text in map(said, answers) if "a restart is in progress, asked by" in text]

        await stage.until(lambda: len(refused()) == PRESSES - 1)
        os.kill(old, signal.SIGCONT)
        (who,) = {text.partition("asked by ")[2].split()[0] for text in refused()}
        assert who in ("Olga", "Anna")
        await stage.restarted(old)
        await stage.until_well(running)
        assert len(stage.pids()) == 1
    assert stage.log.read_text().count(STARTED) == 2


async def stopped(stage: Stage, running: Running) -> None:
    """Olga stops the service; opsbot leaves it so, and says so."""
    pid = stage.pid()
    await confirm(stage.world.olga, await asked(stage, stage.world.olga, "stop"))
    await gone(pid)
    await stage.until(lambda: not running.runtime.pipeline.state.actions)
    await stays_stopped(stage, running)


async def stays_stopped(stage: Stage, running: Running) -> None:
    await looks(running, 5)
    for loop in running.runtime.ops.loops():
        if loop.name != "rotation":
            await running.runtime.ops.run_loop(loop.name)
    assert stage.pids() == []
    assert stage.of(1) == []
    assert "Stopped by Olga" in said(await stage.world.vera.slash(stage.world.ops, "health"))


async def test_what_a_person_stopped_stays_so_over_opsbots_restarts_until_a_person_starts_it(
    stage: Stage,
) -> None:
    async with stage.opsbot() as running:
        await stopped(stage, running)
    async with stage.opsbot(well=False) as running:
        await stays_stopped(stage, running)
    async with stage.opsbot(well=False) as running:
        await stays_stopped(stage, running)
        await confirm(stage.world.olga, await asked(stage, stage.world.olga, "start"))
        await stage.until_well(running)
    assert stage.log.read_text().count(STARTED) == 2
