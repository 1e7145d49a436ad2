"""Helpers for tests that run a real bot against the simulated Discord."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import discord
from discord.ext import commands
from simcord.results import InteractionResult

from opsbot.demo.discord_sim import SimulatedDiscord, point_discord_py_at
from opsbot.demo.discord_sim.people import Person

ReadyBot = TypeVar("ReadyBot", bound=discord.Client)

# discord.py waits this long for more guilds after READY; its default of 2 s would slow every test.
GUILD_READY_SECONDS = 0.1
READY_SECONDS = 15.0


@asynccontextmanager
async def simulated_discord(*, port: int = 0) -> AsyncIterator[SimulatedDiscord]:
    """A simulated Discord that this process's discord.py speaks to.

    At the end it fails on every request that the simulation does not implement.
    """
    async with SimulatedDiscord(port=port) as sim:
        with point_discord_py_at(sim.rest_url, sim.gateway_url):
            yield sim
        assert sim.problems() == []


def plain_bot(intents: discord.Intents | None = None) -> commands.Bot:
    """An unmodified bot that is ready quickly."""
    return commands.Bot(
        "!",
        intents=intents or discord.Intents.default(),
        guild_ready_timeout=GUILD_READY_SECONDS,
        help_command=None,
    )


async def sends(person: Person, message: Any, custom_id: str, why: str = "") -> InteractionResult:
    """What a person is answered who presses a button, types something into the modal, and submits that."""
    return await person.submit_modal(await person.click(message, custom_id=custom_id), {"why": why})


@asynccontextmanager
async def running(bot: ReadyBot, token: str = "token") -> AsyncIterator[ReadyBot]:
    """Log the bot in, wait until it is ready, and close it at the end.

    Raises what the login or the connection raises (LoginFailure, PrivilegedIntentsRequired …).
    """
    async with bot:
        await bot.login(token)
        connected = asyncio.create_task(bot.connect())
        ready = asyncio.create_task(bot.wait_until_ready())
        try:
            async with asyncio.timeout(READY_SECONDS):
                await asyncio.wait({connected, ready}, return_when=asyncio.FIRST_COMPLETED)
            if connected.done():
                await connected
            yield bot
        finally:
            ready.cancel()
            await bot.close()
            connected.cancel()
            with suppress(asyncio.CancelledError, discord.DiscordException):
                await connected
