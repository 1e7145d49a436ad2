"""What Discord does when a thread is made of a message, and who may write there."""

from __future__ import annotations

import discord
import pytest

from opsbot.demo.discord_sim import SimulatedDiscord
from tests.demo.bots import ops
from tests.sim import plain_bot, running

CREATED, STARTER = discord.MessageType.thread_created, discord.MessageType.thread_starter_message


@pytest.mark.parametrize("older", [3600.0, 0.0], ids=["just now", "an older message"])
async def test_only_a_thread_of_an_older_message_is_announced(older: float, sim: SimulatedDiscord) -> None:
    sim.env.backend.older = older
    async with running(plain_bot()) as bot:
        message = await ops(bot, sim).send("down")
        thread = await message.create_thread(name="t")
    kinds = [m.type for m in sim.messages(sim.world.ops)]
    assert (CREATED in kinds) == (older == 0.0)
    assert [m.type for m in sim.messages(thread.id)] == [STARTER]
    assert sim.pings.of(sim.messages(thread.id)[0].id).nobody


async def test_a_thread_in_a_thread_is_refused(sim: SimulatedDiscord) -> None:
    async with running(plain_bot()) as bot:
        thread = await (await ops(bot, sim).send("down")).create_thread(name="t")
        note = await thread.send("a note")
        with pytest.raises(discord.HTTPException) as caught:
            await note.create_thread(name="deeper")
    assert caught.value.code == 50024


async def test_a_locked_thread_is_opened_only_by_who_may_manage_threads(sim: SimulatedDiscord) -> None:
    async with running(plain_bot()) as bot:
        thread = await (await ops(bot, sim).send("down")).create_thread(name="t")
        sim.backend.edit_channel(thread.id, {}, thread_metadata={"archived": True, "locked": True})
        may = sim.backend.compute_permissions(sim.world.guild.id, sim.backend.bot_user.id, sim.world.ops.id)
        if discord.Permissions(may).manage_threads:
            await thread.send("opened")
        else:
            with pytest.raises(discord.HTTPException) as caught:
                await thread.send("not opened")
            assert caught.value.code == 50083
