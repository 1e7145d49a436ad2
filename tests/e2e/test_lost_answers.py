"""Discord took a message and its answer never came; it does not know the nonce any more either."""

from __future__ import annotations

from tests.e2e.stage import Stage
from tests.e2e.test_opsbot_killed import dies, doomed

POST = ("POST", "/channels/*/messages")
READ = ("GET", "/channels/*/messages")


async def test_the_alarm_and_the_reply_that_it_is_over_stand_there_once(stage: Stage) -> None:
    stage.sim.rest.nonces.remembered = 0.0
    async with stage.opsbot() as running:
        stage.sim.faults.lose_answer(*POST)
        old = await stage.paused_and_down()
        await stage.message()
        await stage.until(lambda: stage.sim.requests.of(*READ))
        stage.sim.faults.lose_answer(*POST)
        await stage.world.otto.slash(stage.world.ops, "resume")
        await stage.restarted(old)
        message = await stage.resolved()
        await stage.until_well(running)
        await stage.until(lambda: not running.runtime.pipeline.state.notices)
    assert len(stage.of(1)) == len(stage.alarms()) == 1
    assert len(stage.replies(message)) == 1


async def test_an_opsbot_that_is_killed_before_it_knows_leaves_one_alarm(stage: Stage) -> None:
    stage.sim.rest.nonces.remembered = 0.0
    async with doomed(stage, "send 1 after") as process:
        old = await stage.paused_and_down()
        await dies(process)
    await stage.message()
    async with stage.opsbot(well=False) as running:
        await stage.until(lambda: not running.runtime.pipeline.state.notices)
        assert len(stage.of(1)) == 1
        assert stage.sim.requests.of(*READ)
        await stage.world.otto.slash(stage.world.ops, "resume")
        await stage.restarted(old)
        message = await stage.resolved()
    assert len(stage.of(1)) == len(stage.alarms()) == 1
    assert len(stage.replies(message)) == 1


async def test_an_opsbot_that_is_killed_before_it_knows_says_once_that_it_is_over(stage: Stage) -> None:
    stage.sim.rest.nonces.remembered = 0.0
    async with doomed(stage, "answer 1 after") as process:
        await stage.restarted(await stage.kill())
        await dies(process)
    async with stage.opsbot() as running:
        await stage.until(lambda: not running.runtime.pipeline.state.notices)
        message = await stage.resolved()
    assert len(stage.of(1)) == len(stage.alarms()) == 1
    assert len(stage.replies(message)) == 1
