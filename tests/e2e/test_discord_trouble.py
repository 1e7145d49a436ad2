"""Discord fails in every way it does; no alert is lost and none is told twice."""

from __future__ import annotations

from collections.abc import Callable

from opsbot.demo.discord_sim import SimulatedDiscord
from opsbot.demo.scene import TARGET
from tests.bound import BOUND
from tests.e2e.reading import said, text_of
from tests.e2e.stage import Stage

POST = ("POST", "/channels/*/messages")

ONCE: dict[str, Callable[[SimulatedDiscord], object]] = {
    "429": lambda sim: sim.faults.rate_limit(*POST, retry_after=1),
    "503": lambda sim: sim.faults.error(*POST, status=503),
    "reset": lambda sim: sim.faults.reset(*POST),
    "lost answer": lambda sim: sim.faults.lose_answer(*POST),
}


async def test_an_alert_whose_post_failed_is_delivered_once(stage: Stage) -> None:
    stage.nothing_reopens()
    stage.edit("max_per_hour: 100,", "max_per_hour: 100, backoff_seconds: 0,")
    async with stage.opsbot() as running:
        for number, (name, fault) in enumerate(ONCE.items(), 1):
            fault(stage.sim)
            old = await stage.paused_and_down()
            await stage.message(number)
            await stage.world.otto.slash(stage.world.ops, "resume")
            await stage.restarted(old)
            await stage.message(number, lambda m: "resolved after" in text_of(m))
            await stage.until_well(running)
            assert len(stage.of(number)) == 1, name
    assert len(stage.alarms()) == len(ONCE)


async def test_after_an_outage_each_incident_is_told_once_as_it_is_then(stage: Stage) -> None:
    stage.nothing_reopens()
    stage.edit("discord:\n", "discord:\n  max_per_minute: 0\n")  # else the third may be over before its turn
    stage.edit("max_per_hour: 100,", "max_per_hour: 100, backoff_seconds: 0,")
    async with stage.opsbot() as running:
        await stage.sim.refuse_connections()
        for _ in range(2):
            await stage.restarted(await stage.kill())
            await stage.until(lambda: not running.runtime.ops.incidents())
        await stage.world.otto.send(stage.world.ops, "anything?")
        await stage.sim.accept_connections()
        for number in (1, 2):
            assert "resolved after" in text_of(await stage.message(number))
        await stage.until(lambda: running.is_ready and "resume" in stage.sim.gateway.log)
        await stage.restarted(await stage.kill())
        await stage.resolved(3)
    assert [len(stage.of(number)) for number in (1, 2, 3)] == [1, 1, 1]
    assert stage.alarms() == stage.of(3)


async def test_a_dropped_gateway_is_resumed_and_commands_and_alerts_go_on(stage: Stage) -> None:
    async with stage.opsbot():
        stage.sim.gateway.drop()
        await stage.sim.wait_for(lambda: "resume" in stage.sim.gateway.log, BOUND)
        assert stage.sim.gateway.log.count("identify") == 1
        await stage.restarted(await stage.kill())
        await stage.resolved()
        assert "No open incidents" in said(await stage.world.vera.slash(stage.world.ops, "incidents list"))
    assert len(stage.of(1)) == 1


async def test_with_a_wrong_token_the_service_is_repaired_and_the_alert_told_later(
    stage: Stage,
) -> None:
    stage.token = "stolen"
    async with stage.opsbot(ready=False) as running:
        await stage.until(lambda: running.problems)
        await stage.restarted(await stage.kill())
        await stage.until_well(running)
        (problem,) = running.problems
        assert "Discord refused the token in OPSBOT_DISCORD_TOKEN" in problem
        report = await running.runtime.ops.health(TARGET)
        assert report.notes == (f"Discord, at the last login: {problem}",)
    assert stage.requests() == 1
    stage.token = stage.sim.token
    async with stage.opsbot():
        assert "resolved after" in text_of(await stage.message())
    assert len(stage.of(1)) == 1


async def test_a_revoked_token_ends_the_bot_with_one_sentence_and_nothing_is_lost(stage: Stage) -> None:
    async with stage.opsbot() as running:
        stage.sim.revoke_token("the new one")
        await stage.restarted(await stage.kill())
        await stage.sim.wait_for(lambda: [r for r in stage.sim.requests.of(*POST) if r.status == 401])
        await stage.sim.gateway.close(4004)
        await stage.until(lambda: running.problems)
        await stage.until_well(running)
        assert len(running.problems) == 1
    stage.token = "the new one"
    async with stage.opsbot():
        await stage.message()
    assert len(stage.of(1)) == 1
