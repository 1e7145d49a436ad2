"""`/deploy`."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from opsbot.reloading.channel import OpsChannel
from opsbot.runtime.memory_parts import MemoryParts
from opsbot.runtime.port import TargetInfo
from tests.cogs.stage import Stage, refused, said
from tests.runtime.rig import World, build


async def test_everybody_sees_who_brings_out_what_and_until_when_nothing_is_restarted(up: Stage) -> None:
    result = await up.world.otto.slash(up.world.ops, "deploy", version="v1.4.2")
    text = said(result)
    assert "`v1.4.2` of summarybot is deployed" in text
    assert "By Otto" in text
    assert "opsbot restarts nothing of it by itself until <t:" in text
    assert "for 10 min" in text
    assert not result.ephemeral
    call = up.operations.asked("deploy")[0]
    assert call.actor is not None
    assert (call.about, call.detail, call.actor.id) == ("summarybot", "v1.4.2 600", str(up.world.otto.id))


async def test_for_no_minutes_it_is_a_mark_alone(up: Stage) -> None:
    result = await up.world.otto.slash(up.world.ops, "deploy", version="abc", target="summarybot", minutes=0)
    assert "opsbot restarts nothing" not in said(result)
    assert up.operations.asked("deploy")[0].detail == "abc 0"


async def test_which_target_must_be_clear(up: Stage) -> None:
    up.operations.infos = (TargetInfo("bot", "Bot"), TargetInfo("web", "Web"))
    result = await up.world.otto.slash(up.world.ops, "deploy", version="v1")
    assert "not exactly one target" in said(result)
    assert result.ephemeral
    result = await up.world.otto.slash(up.world.ops, "deploy", version="v1", target="wep")
    assert "did you mean web?" in said(result)
    assert up.operations.asked("deploy") == []


async def test_whoever_may_only_look_marks_nothing_and_it_is_recorded(up: Stage) -> None:
    assert refused(await up.world.vera.slash(up.world.ops, "deploy", version="v1"))
    assert [call.verb for call in up.operations.refusals] == ["deploy"]
    assert up.operations.calls == []


async def test_what_people_type_does_nothing_in_the_answer(up: Stage) -> None:
    result = await up.world.otto.slash(up.world.ops, "deploy", version="`@everyone` [x](https://evil)")
    assert "@everyone" not in said(result)
    assert all(ping.nobody for ping in up.sim.pings)


async def test_how_it_is_after_the_watch_stands_in_the_deploys_own_answer(up: Stage) -> None:
    world = World()
    world.host.launch()
    channel = OpsChannel(up.bot.transport, up.world.ops.id)
    rig = await build(world, memory=MemoryParts(deploys=channel))
    rig.state.policy = replace(rig.state.policy, deploy_watch=60.0)
    up.bot.operations = rig.runtime.ops
    async with asyncio.TaskGroup() as group:
        opsbot = group.create_task(rig.runtime.run())
        await rig.clock.advance(2.0)
        result = await up.world.otto.slash(up.world.ops, "deploy", version="v1.4", minutes=0)
        assert "`v1.4` of summarybot is deployed" in said(result)
        await rig.clock.advance(65.0)
        told = await up.sim.wait_for_message(
            up.world.ops, lambda m: any("all is well after 1 min" in (e.title or "") for e in m.embeds)
        )
        opsbot.cancel()
    assert [message.id for message in up.sim.messages(up.world.ops)] == [told.id]
