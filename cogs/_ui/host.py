"""The bot as cogs see it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord.ext import commands

from cogs._ui.confirm import Questions
from cogs._ui.refusals import Refusals
from opsbot.charts.base import Painter
from opsbot.clock import Clock
from opsbot.domain.access import AccessRules
from opsbot.notifiers._transport import DiscordTransport
from opsbot.runtime.port import Operations


class Host(commands.Bot):
    """What a cog may lean on, whoever connects it.

    `channel_id`: the ops channel. `edit_every`: seconds between two edits of one message.
    `painter`: of charts. `modals`: what understands the answers of modals, by the word in their custom_id.
    `access` may be replaced while running: each decision reads it anew.
    """

    operations: Operations
    access: AccessRules
    clock: Clock
    channel_id: int
    transport: DiscordTransport
    questions: Questions
    refusals: Refusals
    edit_every: float
    painter: Painter
    modals: dict[str, Callable[[Any, int], Awaitable[None]]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._jobs: set[asyncio.Task[Any]] = set()
        self.modals = {}

    @property
    def guild(self) -> discord.Object:
        """The one guild in which opsbot listens."""
        return discord.Object(self.access.guild_id)

    def own(self, task: asyncio.Task[Any] | None) -> None:
        """`close` will end and await this task: discord.py starts callbacks that nobody waits for."""
        if task is not None:
            self._jobs.add(task)
            task.add_done_callback(self._jobs.discard)

    async def end_jobs(self) -> None:
        """Ends all owned tasks but the one that asks."""
        jobs = [job for job in self._jobs if job is not asyncio.current_task()]
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)


Asked = discord.Interaction[Host]
"""An interaction with this bot: somebody's command, press or keystroke."""
