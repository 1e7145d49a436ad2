"""Whose outage it is, over the wire: opsbot's own, Discord's, or the bot's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from opsbot.demo.faults import Fault
from opsbot.demo.scene import TARGET
from opsbot.domain.incident import Incident
from opsbot.domain.levels import Outcome
from opsbot.domain.reach import Discord
from opsbot.engine.own import OWN
from tests.checks.servers import answer, serve, silence
from tests.e2e.reading import text_of
from tests.e2e.stage import Running, Stage

OFF = 'outages: {control: [], lookup: "", discord_status_url: ""}'


def guarded(stage: Stage, control: str, status: str = "") -> None:
    """Control addresses on loopback; a lost gateway asks for a restart."""
    stage.edit(
        OFF,
        f'outages: {{control: ["{control}"], lookup: "", discord_status_url: "{status}", '
        f"interval_seconds: 5}}",
    )
    stage.edit("message: The Discord gateway is gone.", "message: The gateway is gone.\n    action: restart")


def discord_of(stage: Stage) -> str:
    """The simulated Discord's address, which then stands for the whole world."""
    return stage.sim.rest_url.split("/")[2]


@asynccontextmanager
async def elsewhere() -> AsyncIterator[str]:
    """An address that has nothing to do with Discord and always answers."""
    async with serve(silence) as served:
        yield f"127.0.0.1:{served.port}"


def live(running: Running, target: str) -> Incident | None:
    """A target's open incident."""
    return next((i for i in running.runtime.ops.incidents() if i.target == target), None)


def doing(running: Running) -> str:
    """What opsbot says it is doing about the bot."""
    found = live(running, TARGET)
    return "" if found is None else found.doing


async def seen_lost(stage: Stage, running: Running, seconds: float) -> None:
    """Until the gateway check has gone on failing for so long."""
    newest = running.runtime.pipeline.state.known[TARGET].view.newest
    await stage.until(lambda: newest["gateway"].outcome.bad)
    since = newest["gateway"].at
    await stage.until(lambda: newest["gateway"].outcome.bad and newest["gateway"].at.since(since) > seconds)


async def connected(stage: Stage, running: Running) -> None:
    """Until opsbot knows that Discord is up."""
    await stage.until(lambda: running.runtime.pipeline.state.reach.discord is Discord.UP)


async def test_with_its_own_line_gone_opsbot_restarts_nothing_and_says_what_it_does_not_know(
    stage: Stage,
) -> None:
    guarded(stage, discord_of(stage))
    async with stage.opsbot() as running:
        await connected(stage, running)
        pid = stage.pid()
        await stage.sim.refuse_connections()
        await stage.until(lambda: live(running, OWN))
        await seen_lost(stage, running, 7)  # the rule would have fired after 5 s
        report = await running.runtime.ops.health(TARGET)
        assert report.outcome is Outcome.UNKNOWN
        assert any("opsbot itself is cut off from the network" in note for note in report.notes)
        assert live(running, TARGET) is None
        assert stage.pids() == [pid]
        await stage.sim.accept_connections()
        await stage.until(lambda: live(running, OWN) is None)
        told = text_of(await stage.message(1, lambda m: "resolved after" in text_of(m), 60))
        assert "cut off from the network since" in told
        assert "connection refused" in told
        await stage.until(lambda: not running.runtime.ops.incidents())
        assert stage.pids() == [pid]
    assert len(stage.of(1)) == 1
    assert stage.of(2) == []


async def test_cut_off_a_bot_that_dies_is_started_when_the_line_is_back(stage: Stage) -> None:
    guarded(stage, discord_of(stage))
    async with stage.opsbot() as running:
        await connected(stage, running)
        await stage.sim.refuse_connections()
        await stage.until(lambda: live(running, OWN))
        old = await stage.kill()
        await stage.until(lambda: "opsbot itself is cut off from the network" in doing(running))
        assert stage.pids() == []
        await stage.sim.accept_connections()
        await stage.restarted(old)
        await stage.until_well(running)


async def test_with_discord_gone_a_lost_gateway_restarts_nothing_and_the_incident_says_why(
    stage: Stage,
) -> None:
    async with elsewhere() as control:
        guarded(stage, control)
        async with stage.opsbot() as running:
            await connected(stage, running)
            pid = stage.pid()
            await stage.sim.refuse_connections()
            await stage.until(lambda: "Discord itself is down" in doing(running))
            assert f"while {control} does" in doing(running)
            assert live(running, OWN) is None
            await seen_lost(stage, running, 7)
            assert stage.pids() == [pid]
            await stage.sim.accept_connections()
            await stage.message(1, lambda m: "Discord itself is down" in text_of(m), 60)
        assert stage.pids() == [pid]


async def test_discords_own_word_that_it_is_down_holds_restarts_although_opsbot_is_connected(
    stage: Stage,
) -> None:
    components = [{"name": "API", "status": "operational"}, {"name": "Gateway", "status": "major_outage"}]
    async with serve(answer({"components": components})) as page, elsewhere() as control:
        guarded(stage, control, page.url)
        async with stage.opsbot() as running:
            pid = stage.pid()
            await stage.fault(Fault.GATEWAY_RECONNECTING)
            await stage.until(lambda: "Discord itself is down" in doing(running))
            assert "its status page reports a major outage of its Gateway" in doing(running)
            assert stage.pids() == [pid]
            old = await stage.kill()
            await stage.restarted(old)


@pytest.mark.parametrize("fault", [Fault.GATEWAY_RECONNECTING, Fault.GATEWAY_BLOCKED])
async def test_a_gateway_that_only_the_bot_has_lost_restarts_it(stage: Stage, fault: Fault) -> None:
    async with elsewhere() as control:
        guarded(stage, control)
        async with stage.opsbot() as running:
            await connected(stage, running)
            old = stage.pid()
            await stage.fault(fault)
            await stage.restarted(old)
            await stage.until_well(running)
            assert "The gateway is gone" in text_of(await stage.resolved())


async def test_the_guard_asks_nobody_but_whom_it_is_told_to(stage: Stage) -> None:
    asked: list[str] = []

    async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readline()).decode().strip())
        await answer({"components": []})(reader, writer)

    async with serve(page) as status, elsewhere() as control:
        guarded(stage, control, status.url)
        async with stage.opsbot() as running:
            await stage.until(lambda: asked)
            await connected(stage, running)
            assert [probe.name for probe in running.runtime.prober.probes] == [
                control,
                status.url,
                "Discord's API",
                "opsbot's own gateway connection",
            ]
    assert set(asked) == {"GET /health HTTP/1.1"}
