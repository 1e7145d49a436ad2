"""Threads and files over the wire, as Discord documents them."""

from __future__ import annotations

import discord
import pytest

from opsbot.draw.payload import File, Payload
from opsbot.errors import DeliveryError
from opsbot.notifiers._transport import Thread
from tests.cogs.stage import Stage

MAKE = ("POST", "/channels/*/messages/*/threads")
SEND = ("POST", "/channels/*/messages")


async def threaded(up: Stage) -> int:
    """A message with a thread; their id."""
    number = await up.bot.transport.send(up.world.ops.id, Payload(content="down"))
    assert await up.bot.transport.open_thread(up.world.ops.id, number, "#7 · bot") == Thread(number, new=True)
    return number


def denied(up: Stage, **permissions: bool) -> int:
    """A channel in which the bot lacks something."""
    deny = discord.PermissionOverwrite(**permissions)
    return up.world.guild.create_text_channel("strict", overwrites={up.world.guild.default_role: deny}).id


async def test_a_message_has_one_thread_however_often_it_is_asked_for(up: Stage) -> None:
    number = await threaded(up)
    again = await up.bot.transport.open_thread(up.world.ops.id, number, "another name")
    assert again == Thread(number, new=False)


async def test_after_a_lost_answer_the_thread_that_was_made_is_found(up: Stage) -> None:
    number = await up.bot.transport.send(up.world.ops.id, Payload(content="down"))
    up.sim.faults.lose_answer(*MAKE)
    with pytest.raises(DeliveryError) as caught:
        await up.bot.transport.open_thread(up.world.ops.id, number, "#7")
    assert not caught.value.permanent
    assert await up.bot.transport.open_thread(up.world.ops.id, number, "#7") == Thread(number, new=False)


async def test_of_a_message_that_is_gone_no_thread_is_made(up: Stage) -> None:
    number = await up.bot.transport.send(up.world.ops.id, Payload(content="down"))
    up.sim.backend.delete_message(up.world.ops.id, number)
    with pytest.raises(DeliveryError) as caught:
        await up.bot.transport.open_thread(up.world.ops.id, number, "#7")
    assert caught.value.forgotten


async def test_a_missing_permission_is_no_passing_trouble(up: Stage) -> None:
    channel = denied(up, create_public_threads=False)
    number = await up.bot.transport.send(channel, Payload(content="down"))
    with pytest.raises(DeliveryError) as caught:
        await up.bot.transport.open_thread(channel, number, "#7")
    assert (caught.value.permanent, caught.value.forgotten) == (True, False)


async def test_too_many_threads_are_no_passing_trouble(up: Stage) -> None:
    up.sim.rules.active_threads = 0
    number = await up.bot.transport.send(up.world.ops.id, Payload(content="down"))
    with pytest.raises(DeliveryError) as caught:
        await up.bot.transport.open_thread(up.world.ops.id, number, "#7")
    assert caught.value.permanent


async def test_a_post_opens_an_archived_thread_again_and_adds_nobody(up: Stage) -> None:
    thread = await threaded(up)
    up.sim.backend.edit_channel(thread, {}, thread_metadata={"archived": True})
    post = await up.bot.transport.send(thread, Payload(content="more", silent=True))
    channel = up.sim.backend.get_channel(thread)
    assert channel.thread_metadata is not None
    assert not channel.thread_metadata.archived
    assert set(channel.thread_members) == {up.sim.backend.bot_user.id}
    assert up.sim.message_pings(post).silent


async def test_of_a_threads_history_only_what_the_bot_said_counts(up: Stage) -> None:
    up.sim.env.backend.older = 0.0  # Discord announces a thread of an old message
    before = up.sim.backend.snowflake()
    thread = await threaded(up)
    post = await up.bot.transport.send(thread, Payload(content="-# line 1"))
    await up.world.otto.send(up.world.ops, "what is this?")
    assert [m.id for m in (await up.bot.transport.read(thread, 0)).messages] == [post]
    assert [m.id for m in (await up.bot.transport.read(up.world.ops.id, before)).messages] == [thread]


async def test_a_file_comes_with_its_line_and_once_after_a_lost_answer(up: Stage) -> None:
    thread = await threaded(up)
    payload = Payload(content="bundle", silent=True, nonce="n1", files=(File("x.zip", b"PK\0\xff" * 1000),))
    up.sim.faults.lose_answer(*SEND)
    with pytest.raises(DeliveryError):
        await up.bot.transport.send(thread, payload)
    number = await up.bot.transport.send(thread, payload)
    (message,) = [m for m in up.sim.messages(thread) if m.attachments]
    (attachment,) = message.attachments
    assert (message.id, message.content, attachment.filename) == (number, "bundle", "x.zip")
    assert up.sim.content_of(attachment) == b"PK\0\xff" * 1000
    assert up.sim.message_pings(number).silent


async def test_a_file_that_is_too_large_is_refused_for_what_it_is(up: Stage) -> None:
    payload = Payload(content="bundle", files=(File("x.zip", b"x" * (10 * 1024 * 1024 + 1)),))
    with pytest.raises(DeliveryError) as caught:
        await up.bot.transport.send(up.world.ops.id, payload)
    assert (caught.value.permanent, caught.value.place) == (True, False)


async def test_without_the_permission_to_attach_files_the_text_alone_goes(up: Stage) -> None:
    channel = denied(up, attach_files=False)
    with pytest.raises(DeliveryError) as caught:
        await up.bot.transport.send(channel, Payload(content="bundle", files=(File("x", b"x"),)))
    assert caught.value.permanent
    await up.bot.transport.send(channel, Payload(content="bundle"))


async def test_what_threads_take_is_named_at_the_login(stage: Stage) -> None:
    channel = denied(stage, send_messages_in_threads=False, attach_files=False)
    async with stage.running(channel_id=channel):
        await stage.sim.wait_for(lambda: stage.problems)
    (problem,) = stage.problems
    assert "Send Messages In Threads" in problem
    assert "Attach Files" in problem
    stage.problems.clear()
    async with stage.running(channel_id=channel, threads=False):
        pass
    assert stage.problems == []
