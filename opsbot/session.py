"""The bot beside the runtime: logged in as long as it can be, and never in the way of watching."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog

from opsbot.bot import DiscordLine, OpsBot
from opsbot.bot.sight import RestProbe
from opsbot.clock import Clock
from opsbot.config.settings import Settings
from opsbot.engine.outage import ON_DISCORD
from opsbot.errors import DiscordRefused, UsageError
from opsbot.notifiers._transport import PORT
from opsbot.probes.base import Probe
from opsbot.runtime.core import Runtime

log = structlog.get_logger("opsbot.session")


class Session:
    """Logs in to Discord if the configuration has a section `discord`.

    `options` go to the bot (tests shorten discord.py's waits with them).

    Raises:
        UsageError: there is such a section and no token.
    """

    def __init__(self, settings: Settings, clock: Clock, **options: Any) -> None:
        self._settings = settings
        self._clock = clock
        self._options = options
        self.line = DiscordLine(clock)
        self.problems: list[str] = []
        self.ready = asyncio.Event()
        if settings.discord is not None and settings.discord.token is None:
            raise UsageError(
                "there is no bot token: put it into the environment as OPSBOT_DISCORD_TOKEN, or name a 0600 "
                "file with `discord.token_file`; without a section `discord` opsbot runs without a bot."
            )

    @property
    def ports(self) -> Mapping[str, Any]:
        """What the notifier `discord` speaks through."""
        return {PORT: self.line}

    @property
    def probes(self) -> tuple[Probe, ...]:
        """How opsbot's own way to Discord is; none where nothing here has to do with Discord."""
        if self._settings.discord is not None:
            return (RestProbe(), self.line.sight)
        on_discord = any(spec.kind in ON_DISCORD for t in self._settings.targets for spec in t.checks)
        return (RestProbe(),) if on_discord else ()

    async def run(self, runtime: Runtime) -> None:
        """Stays logged in until cancelled. A refused token is said once; everything else goes on."""
        discord = self._settings.discord
        if discord is None or discord.token is None:
            return
        runtime.ops.remarks = lambda: [f"Discord, at the last login: {text}" for text in self.problems]
        try:
            await self.line.run(lambda: self._bot(runtime), discord.token.get_secret_value())
        except DiscordRefused as refusal:
            self._problem(str(refusal))
            log.error("going on without Discord", reason=str(refusal))

    def _bot(self, runtime: Runtime) -> OpsBot:
        discord, access = self._settings.discord, self._settings.access
        assert discord is not None
        assert access is not None
        self.problems.clear()

        def usable() -> None:
            self.ready.set()
            for spec in self._settings.notifiers:
                if spec.kind == "discord":
                    runtime.outbox.retry_now(spec.name)

        return OpsBot(
            operations=runtime.ops,
            access=access,
            channel_id=discord.channel_id,
            clock=self._clock,
            ping_roles=frozenset(discord.mention_role_ids),
            on_problem=self._problem,
            on_usable=usable,
            **self._options,
        )

    def _problem(self, text: str) -> None:
        if text not in self.problems:
            self.problems.append(text)
