"""What may be asked in a thread is what may be asked in the channel in which the thread is."""

from __future__ import annotations

from dataclasses import replace

import discord
from simcord.builders import ChannelHandle

from opsbot.demo.discord_sim.people import Person
from tests.cogs.stage import Stage, refused


def thread_in(stage: Stage, channel: ChannelHandle, name: str = "talk") -> ChannelHandle:
    """A thread that somebody made, with Otto and Vera in it."""
    made = stage.sim.backend.create_thread(channel.id, name, stage.world.otto.id)
    stage.sim.backend.add_thread_member(made.id, stage.world.vera.id)
    return ChannelHandle(stage.sim.env, stage.world.guild, made)


async def asks(person: Person, channel: ChannelHandle) -> bool:
    """Whether a change that they ask for there is not refused."""
    return not refused(await person.slash(channel, "resume"))


async def test_a_thread_of_the_ops_channel_counts_as_the_ops_channel(stage: Stage) -> None:
    rules = replace(stage.rules(), channels=frozenset({stage.world.ops.id}))
    async with stage.running(access=rules):
        thread = thread_in(stage, stage.world.ops)
        assert await asks(stage.world.otto, thread)
        assert not await asks(stage.world.vera, thread)


async def test_a_thread_of_another_channel_does_not_whatever_it_is_called(stage: Stage) -> None:
    rules = replace(stage.rules(), channels=frozenset({stage.world.ops.id}))
    async with stage.running(access=rules):
        thread = thread_in(stage, stage.world.general, "ops")
        assert not await asks(stage.world.otto, thread)
        assert stage.operations.asked("resume") == []


async def test_a_thread_that_is_named_itself_counts_and_its_channel_does_not(stage: Stage) -> None:
    thread = thread_in(stage, stage.world.general)
    rules = replace(stage.rules(), channels=frozenset({thread.id}))
    async with stage.running(access=rules):
        assert await asks(stage.world.otto, thread)
        assert not await asks(stage.world.otto, stage.world.general)


async def test_a_button_in_the_incidents_own_thread_works_for_who_may(stage: Stage) -> None:
    rules = replace(stage.rules(), channels=frozenset({stage.world.ops.id}))
    async with stage.running(access=rules):
        message = await stage.alarm()
        await stage.bot.transport.open_thread(stage.world.ops.id, message.id, "#7")
        view = discord.ui.View(timeout=None)
        view.add_item(discord.ui.Button(label="x", custom_id="opsbot:restart:7"))
        shown = await stage.bot.get_partial_messageable(message.id).send("buttons", view=view)
        assert refused(await stage.world.bob.click(shown, custom_id="opsbot:restart:7"))
        assert not refused(await stage.world.olga.click(shown, custom_id="opsbot:restart:7"))
