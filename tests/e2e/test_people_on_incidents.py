"""People work on an incident from Discord, with the whole opsbot behind it."""

from __future__ import annotations

import re

from tests.e2e.processes import eventually_asked
from tests.e2e.reading import footer, said, shown, text_of
from tests.e2e.stage import Stage
from tests.sim import sends


async def test_an_incident_is_noted_given_away_and_resolved_and_its_timeline_tells_of_it(
    stage: Stage,
) -> None:
    world = stage.world
    async with stage.opsbot():
        old = await stage.paused_and_down()
        message = await stage.message()
        await sends(world.otto, message, "opsbot:ack:1", "the disk is full")
        await stage.message(1, lambda m: "the disk is full" in text_of(m))
        assert "Noted" in said(
            await world.otto.slash(world.ops, "incidents note", number=1, text="asked Olga")
        )
        given = await world.otto.slash(world.ops, "incidents assign", number=1, user=world.olga)
        assert "is assigned to Olga" in said(given)
        told = said(await world.vera.slash(world.ops, "incidents show", number=1))
        for line in ("acknowledged: the disk is full", "asked Olga", "assigned to Olga"):
            assert line in told, told
        assert "Olga (admin) has it" in said(await world.vera.slash(world.ops, "incidents list"))
        await world.otto.slash(world.ops, "resume")
        await stage.restarted(old)
        await stage.resolved()
        result = await world.otto.slash(world.ops, "incidents resolve", number=1)
        assert "already resolved" in said(result)
        result = await world.otto.slash(world.ops, "incidents export", number=1)
        attached = next(
            m for m in stage.sim.messages(world.ops, seen_by=world.otto) if m.id == shown(result).id
        ).attachments
        content = stage.sim.content_of(attached[0])
        assert content is not None
        assert b"asked Olga" in content


async def test_the_silence_button_keeps_the_channel_quiet_until_somebody_ends_it(stage: Stage) -> None:
    world = stage.world
    async with stage.opsbot():
        await stage.paused_and_down()
        message = await stage.message()
        asked = await world.otto.click(message, custom_id="opsbot:silence:1")
        await world.otto.click(shown(asked), label="1 h")
        listed = said(await world.vera.slash(world.ops, "silence list"))
        assert "summarybot" in listed
        assert "process" in said(await world.vera.slash(world.ops, "incidents muted"))
        number = re.findall(r"#(\d+)", listed)[0]
        ended = await world.olga.slash(world.ops, "silence end", number=int(number))
        assert f"The silence #{number} is over" in said(ended)
        assert "No alert is muted" in said(await world.vera.slash(world.ops, "incidents muted"))


async def test_under_maintenance_a_crash_is_neither_told_nor_repaired_until_it_ends(stage: Stage) -> None:
    world = stage.world
    async with stage.opsbot():
        begun = await world.otto.slash(world.ops, "maintenance start", duration="1h", reason="new disks")
        assert "Maintenance of summarybot" in said(begun)
        old = await stage.kill()
        await eventually_asked(lambda: says_who_maintains(stage))
        assert [m for m in stage.sim.messages(world.ops) if "Incident #" in footer(m)] == []
        assert stage.pids() == []
        await world.otto.slash(world.ops, "maintenance end")
        await stage.restarted(old)
        await stage.resolved()


async def says_who_maintains(stage: Stage) -> bool:
    answer = said(await stage.world.vera.slash(stage.world.ops, "incidents muted"))
    return "under maintenance by Otto" in answer


async def test_a_deploy_is_named_by_the_incident_that_follows_it(stage: Stage) -> None:
    world = stage.world
    async with stage.opsbot():
        await world.olga.slash(world.ops, "deploy", version="v1.4.2", minutes=0)
        await stage.kill()
        told = await stage.message(1, lambda m: "v1.4.2" in text_of(m))
        assert "Olga" in text_of(told)
        await stage.resolved()
