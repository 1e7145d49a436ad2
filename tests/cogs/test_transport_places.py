"""What somebody does to the channel, the thread, the messages and the permissions, and what that means."""

from __future__ import annotations

import discord
import pytest

from opsbot.draw.payload import Payload
from opsbot.errors import DeliveryError
from tests.cogs.stage import Stage

DOWN = Payload(content="down")


async def refused(up: Stage, channel: int, edited: int | None = None) -> DeliveryError:
    """The error of a post, or of an edit."""
    transport = up.bot.transport
    with pytest.raises(DeliveryError) as caught:
        await (transport.edit(channel, edited, DOWN) if edited else transport.send(channel, DOWN))
    return caught.value


@pytest.mark.parametrize("edits", [False, True])
async def test_a_deleted_channel_refuses_everything(edits: bool, up: Stage) -> None:
    channel = up.world.guild.create_text_channel("short-lived")
    number = await up.bot.transport.send(channel.id, DOWN)
    up.sim.backend.delete_channel(channel.id)
    error = await refused(up, channel.id, number if edits else None)
    assert (error.permanent, error.place, error.forgotten) == (True, True, False)
    assert "discord.ops_channel" in str(error)


@pytest.mark.parametrize(
    ("taken", "said"),
    [({"send_messages": False}, "Send Messages"), ({"view_channel": False}, "Permissions")],
    ids=["writing", "seeing"],
)
async def test_a_permission_that_is_taken_away_refuses_everything(
    taken: dict[str, bool], said: str, up: Stage
) -> None:
    deny = discord.PermissionOverwrite(**taken)
    channel = up.world.guild.create_text_channel("closed", overwrites={up.world.guild.default_role: deny})
    error = await refused(up, channel.id)
    assert (error.permanent, error.place, error.forgotten) == (True, True, False)
    assert said in str(error)


async def test_a_deleted_message_is_forgotten_and_another_one_can_be_posted(up: Stage) -> None:
    number = await up.bot.transport.send(up.world.ops.id, DOWN)
    up.sim.backend.delete_message(up.world.ops.id, number)
    error = await refused(up, up.world.ops.id, number)
    assert (error.forgotten, error.place) == (True, False)
    await up.bot.transport.send(up.world.ops.id, DOWN)


async def test_a_message_in_a_thread_that_is_archived_is_forgotten_and_a_post_opens_it_again(
    up: Stage,
) -> None:
    thread = up.sim.backend.create_thread(up.world.ops.id, "alerts", up.world.olga.id)
    number = await up.bot.transport.send(thread.id, DOWN)
    up.sim.backend.edit_channel(thread.id, {}, thread_metadata={"archived": True})
    error = await refused(up, thread.id, number)
    assert (error.forgotten, error.place) == (True, False)
    again = await up.bot.transport.send(thread.id, DOWN)
    await up.bot.transport.edit(thread.id, again, Payload(content="up"))
