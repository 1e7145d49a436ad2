"""The bot itself: minimal intents, every cog of the folder, every component of every message guarded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import discord
import structlog
from discord import app_commands
from discord.ext import commands

from cogs._ui.confirm import Questions
from cogs._ui.gate import NotAllowed, turn_away
from cogs._ui.host import Asked, Host
from cogs._ui.modal import answer_modal
from cogs._ui.progress import EDIT_EVERY
from cogs._ui.refusals import Refusals
from opsbot import registry
from opsbot.bot.inspection import commands_missing, problems_of
from opsbot.bot.transport import RestTransport
from opsbot.bot.tree import GuardedTree
from opsbot.charts.base import Painter
from opsbot.charts.process import ProcessPainter
from opsbot.clock import Clock
from opsbot.domain.access import AccessRules
from opsbot.runtime.port import Operations

LONGEST_RATE_LIMIT = 30.0
"""Seconds that discord.py waits for a rate limit by itself; a longer one is the outbox's to wait for, since
one bucket could else hold an alert for minutes. discord.py allows no less."""

COGS = "cogs"

discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # it has no voice to miss

log = structlog.get_logger("opsbot.discord")


class OpsBot(Host):
    """One login's worth of bot. What must survive it lives in the runtime, to which it is attached.

    `on_problem` is told each thing that is wrong with guild, channel, roles or permissions, one sentence
    each; with `threads` also what the threads of incidents lack. `on_usable` is called whenever deliveries
    may work again: after the login, READY and RESUMED.
    """

    def __init__(
        self,
        *,
        operations: Operations,
        access: AccessRules,
        channel_id: int,
        clock: Clock,
        ping_roles: frozenset[int],
        on_problem: Callable[[str], None],
        on_usable: Callable[[], None] = lambda: None,
        edit_every: float = EDIT_EVERY,
        painter: Painter | None = None,
        threads: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(
            command_prefix=(),
            help_command=None,
            tree_cls=GuardedTree,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=LONGEST_RATE_LIMIT,
            max_messages=None,
            chunk_guilds_at_startup=False,
            enable_debug_events=True,  # every message that comes in shows that the gateway works
            **options,
        )
        self.operations = operations
        self.access = access
        self.channel_id = channel_id
        self.clock = clock
        self.ping_roles = ping_roles
        self.threads = threads
        self.edit_every = edit_every
        self.painter = painter or ProcessPainter()
        self.questions = Questions(clock)
        self.refusals = Refusals(clock)
        self.transport = self._rest = RestTransport(self, ping_roles)
        self._on_problem = on_problem
        self._on_usable = on_usable
        self._buttons: set[type[discord.ui.DynamicItem[Any]]] = set()
        self._synced = False

    def follow(
        self, access: AccessRules, channel_id: int, ping_roles: frozenset[int], *, threads: bool = True
    ) -> None:
        """What the configuration says now; who may do what is asked anew each time."""
        self.access, self.channel_id, self.threads = access, channel_id, threads
        self.ping_roles = self._rest.ping_roles = ping_roles

    async def setup_hook(self) -> None:
        """Logged in: REST works from here on, whatever the gateway does."""
        self._rest.open = True
        self._on_usable()
        for name in registry.kinds(COGS):
            await self._load(name)
        await self._sync()

    async def close(self) -> None:
        """Ends what runs in commands, then says goodbye."""
        self._rest.open = False
        await self.end_jobs()
        await super().close()

    async def _load(self, name: str) -> None:
        try:
            await self.load_extension(f"{COGS}.{name}")
        except commands.ExtensionError as error:
            log.error("a cog could not be loaded", cog=name, exc_info=error)
            self._on_problem(f"The commands of cogs/{name}.py are missing: {error}")

    # ------------------------------------------------------------ what is said of the guild

    async def on_ready(self) -> None:
        """Connected, with the guild as Discord sees it."""
        guild = self.get_guild(self.access.guild_id)
        if guild is not None and not self._synced:
            self._tell(await self._sync())
        for problem in problems_of(self, guild, self.ping_roles, threads=self.threads):
            self._tell(problem)
        self._on_usable()

    async def on_resumed(self) -> None:
        """Back after a drop, nothing missed."""
        self._on_usable()

    async def on_guild_channel_update(self, before: object, after: discord.abc.GuildChannel) -> None:
        """Somebody changed a channel, perhaps its permissions: what was refused there may be taken now."""
        del before
        if after.id == self.channel_id:
            self._on_usable()

    async def on_guild_role_update(self, before: object, after: discord.Role) -> None:
        """Likewise by a role."""
        del before
        if after.guild.id == self.access.guild_id:
            self._on_usable()

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Somebody invited the bot while it ran."""
        if guild.id == self.access.guild_id:
            await self.on_ready()

    def _tell(self, problem: str) -> None:
        if problem:
            log.error("discord is not set up", problem=problem)
            self._on_problem(problem)

    async def _sync(self) -> str:
        """Makes the guild's commands these, in one request; returns what went wrong.

        Names that exist already are overwritten and do not count towards the 200 creations a day, so doing
        it at every login costs as much as asking first whether it is needed
        (https://discord.com/developers/docs/interactions/application-commands, "Bulk Overwrite").
        """
        try:
            await self.tree.sync(guild=self.guild)
        except (discord.HTTPException, app_commands.AppCommandError) as error:
            log.warning("commands are not registered", error=str(error))
            return commands_missing(self, error)
        except (OSError, TimeoutError) as error:
            log.warning("commands are not registered yet", error=repr(error))
            return ""
        self._synced = True
        return ""

    # ------------------------------------------------------------ components

    def add_dynamic_items(self, *items: type[discord.ui.DynamicItem[Any]]) -> None:
        """Remembers them too, to know what is forged."""
        super().add_dynamic_items(*items)
        self._buttons.update(items)

    def remove_dynamic_items(self, *items: type[discord.ui.DynamicItem[Any]]) -> None:
        """Forgets them."""
        super().remove_dynamic_items(*items)
        self._buttons.difference_update(items)

    @property
    def buttons(self) -> frozenset[type[discord.ui.DynamicItem[Any]]]:
        """Every kind of button that does something."""
        return frozenset(self._buttons)

    async def on_interaction(self, asked: Asked) -> None:
        """discord.py drops a press that fits no button; opsbot refuses it like any outsider. Answers of
        modals are understood here alone: discord.py would know only those that were shown since the start."""
        if asked.type is discord.InteractionType.modal_submit:
            self.own(asyncio.current_task())
            await answer_modal(asked)
        elif asked.type is discord.InteractionType.component and not self._fits(asked):
            self.own(asyncio.current_task())
            await turn_away(asked, NotAllowed("press", "", "a forged or unknown button"))

    def _fits(self, asked: Asked) -> bool:
        """Whether discord.py finds a button for it: by its custom_id, and in the message itself."""
        data: Any = asked.data or {}
        kind, custom_id = data.get("component_type"), str(data.get("custom_id"))
        if asked.message is None or not any(
            b.__discord_ui_compiled_template__.fullmatch(custom_id) for b in self._buttons
        ):
            return False
        items = discord.ui.View.from_message(asked.message, timeout=None).walk_children()
        return any(i.type.value == kind and getattr(i, "custom_id", None) == custom_id for i in items)

    async def on_message(self, message: discord.Message, /) -> None:
        """There are no text commands."""
