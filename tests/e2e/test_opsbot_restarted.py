"""opsbot ends and is started again on the same state directory; the service runs on meanwhile."""

from __future__ import annotations

from tests.e2e.reading import buttons, said, text_of
from tests.e2e.stage import Stage
from tests.sim import sends


async def test_the_service_runs_on_and_is_adopted(stage: Stage) -> None:
    async with stage.opsbot():
        pid = stage.pid()
    assert stage.pids() == [pid]
    async with stage.opsbot():
        assert stage.pids() == [pid]
        report = said(await stage.world.vera.slash(stage.world.ops, "health"))
        assert f"{pid}" in report
        assert stage.sim.messages(stage.world.ops)[0].embeds[0].title == report.split("\n")[0]
        await stage.kill()
        assert "killed by SIGKILL" in text_of(await stage.message())
        await stage.restarted(pid)
        await stage.resolved()


async def test_an_open_incident_is_taken_up_with_the_buttons_of_its_old_message(stage: Stage) -> None:
    world = stage.world
    async with stage.opsbot():
        await world.otto.slash(world.ops, "pause", minutes=5, reason="deploy")
        old = await stage.kill()
        message = await stage.message(1, lambda m: "paused by Otto" in text_of(m))
    async with stage.opsbot(well=False):
        listed = said(await world.vera.slash(world.ops, "incidents list"))
        assert "#1" in listed
        assert stage.pids() == []
        await sends(world.otto, message, "opsbot:ack:1")
        redrawn = await stage.message(1, lambda m: "Acknowledged by: Otto" in text_of(m))
        assert buttons(redrawn)["Restart"]
        await world.otto.slash(world.ops, "resume")
        await stage.restarted(old)
        over = await stage.resolved()
    assert over.id == message.id
    assert len(stage.of(1)) == 1
    assert len(stage.alarms()) == 1


async def test_a_death_that_no_opsbot_saw_is_told_and_repaired_at_the_next_start(stage: Stage) -> None:
    async with stage.opsbot():
        pass
    old = await stage.kill()
    async with stage.opsbot(well=False):
        await stage.restarted(old)
        assert "killed by SIGKILL" in text_of(await stage.resolved())
    assert len(stage.of(1)) == 1


async def test_what_was_not_told_before_the_end_is_told_after_the_start(stage: Stage) -> None:
    async with stage.opsbot() as running:
        fault = stage.sim.faults.error("POST", "/channels/*/messages", status=503, times=None)
        old = await stage.kill()
        await stage.restarted(old)
        await stage.until_well(running)
        assert fault.hits
    assert stage.of(1) == []
    fault.cancel()
    async with stage.opsbot():
        told = await stage.message()
        assert "resolved after" in text_of(told)
    assert len(stage.of(1)) == 1
