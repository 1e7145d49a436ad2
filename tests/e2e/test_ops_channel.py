"""The ops channel is deleted or closed to the bot: said in one sentence, and watching goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import discord
from simcord.backend.models import Overwrite
from simcord.enums import OverwriteType
from structlog.testing import capture_logs

from opsbot.engine.own import OWN
from tests.e2e.reading import said
from tests.e2e.stage import Running, Stage


def waits(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """Why notices wait, as opsbot's log says."""
    return [str(e["reason"]) for e in entries if e["event"] == "notice waits"]


def own_incident(running: Running) -> str:
    """What opsbot says of itself; empty when it is content."""
    return next((i.title for i in running.runtime.ops.incidents() if i.target == OWN), "")


def forbid(stage: Stage, permission: discord.Permissions) -> None:
    """Takes a permission in the ops channel from everybody."""
    everyone = stage.world.guild.default_role.id
    denied = Overwrite(everyone, OverwriteType.ROLE, 0, permission.value)
    stage.sim.backend.set_overwrite(stage.world.ops.id, denied)


async def test_a_deleted_channel_is_named_and_the_service_still_repaired(stage: Stage) -> None:
    async with stage.opsbot() as running:
        stage.sim.backend.delete_channel(stage.world.ops.id)
        with capture_logs() as entries:
            await stage.restarted(await stage.kill())
            await stage.until_well(running)
            await stage.until(lambda: waits(entries))
        (reason,) = set(waits(entries))
        assert reason.startswith(f"there is no channel {stage.world.ops.id}")
        assert "discord.ops_channel" in reason
        await stage.until(lambda: own_incident(running))
        assert own_incident(running) == f"Alerts do not arrive through ops_channel: {reason}"
        assert "all is well" in said(await stage.world.vera.slash(stage.world.general, "health"))
    async with stage.opsbot() as running:
        await stage.until(lambda: running.problems)
        (problem,) = running.problems
        assert f"There is no channel {stage.world.ops.id}" in problem


async def test_a_missing_permission_is_named_and_once_granted_the_incident_is_told(stage: Stage) -> None:
    async with stage.opsbot() as running:
        forbid(stage, discord.Permissions(send_messages=True))
        with capture_logs() as entries:
            old = await stage.paused_and_down()
            await stage.until(lambda: waits(entries))
        (reason,) = set(waits(entries))
        assert reason.startswith(f"the bot may not write in channel {stage.world.ops.id}")
        forbid(stage, discord.Permissions.none())
        await stage.world.otto.slash(stage.world.ops, "resume")
        await stage.restarted(old)
        over = await stage.resolved()
        await stage.until(lambda: not own_incident(running))
    assert [m.id for m in stage.of(1)] == [over.id]
    assert stage.sim.message_pings(over).roles == {stage.world.operator.id}
