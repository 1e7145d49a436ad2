"""Another program holds the service's port: however often a restart is tried, it is named and left alone."""

from __future__ import annotations

import asyncio
from typing import Any

from bench.foreign_port import ATTEMPTS, held, names, who_accepts
from opsbot.clock import SystemClock
from opsbot.control.client import ask, running
from opsbot.demo.scene import TARGET
from opsbot.domain.audit import AuditEntry
from opsbot.stores.sqlite_state import SqliteState
from tests.e2e.reading import text_of
from tests.e2e.stage import Stage

POLICY = "max_per_hour: 100, backoff_max_seconds: 2"


async def asked(stage: Stage) -> dict[str, Any]:
    """The last line of the answer to a person's `opsbot restart`."""
    link = await asyncio.to_thread(running, stage.state)
    assert link is not None
    request = {"verb": "restart", "target": TARGET, "reason": "try again"}
    return (await asyncio.to_thread(list, ask(link, request)))[-1]


async def failures(stage: Stage) -> list[AuditEntry]:
    """The attempts that failed, oldest first."""
    store = SqliteState(stage.state / "state.db", SystemClock(), read_only=True)
    try:
        return [act for act in await store.audit(200) if act.outcome == "failed"]
    finally:
        await store.close()


async def test_each_of_twenty_restarts_asked_for_names_the_program_on_the_port(stage: Stage) -> None:
    stage.edit(POLICY, f"enabled: false, {POLICY}")
    with held(stage.port) as holder:
        async with stage.opsbot(well=False, ready=False):
            for _ in range(ATTEMPTS):
                answer = await asked(stage)
                assert answer["exit"] == 1
                assert names(answer["text"], holder)
                assert stage.pids() == []
                assert await asyncio.to_thread(who_accepts, stage.port) == holder


async def test_automation_tries_as_often_as_it_may_then_people_still_can(stage: Stage) -> None:
    stage.edit(POLICY, f"max_per_hour: {ATTEMPTS}, backoff_seconds: 0.05, backoff_max_seconds: 0.05")
    with held(stage.port) as holder:
        async with stage.opsbot(well=False):
            message = await stage.message(1, lambda m: "No more automatic restarts" in text_of(m))
            assert f"pid {holder} " in text_of(message)
            tried = await failures(stage)
            assert [act.verb for act in tried] == ["start", *["restart"] * ATTEMPTS]
            assert [act.reason for act in tried if not names(act.reason, holder)] == []
            assert names((await asked(stage))["text"], holder)
            assert len(await failures(stage)) == len(tried) + 1
            assert stage.pids() == []
            assert await asyncio.to_thread(who_accepts, stage.port) == holder
