"""The bot beside the runtime: logged in as long as it can be, and never in the way of watching."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import structlog

from opsbot.charts.process import ProcessPainter
from opsbot.clock import Clock
from opsbot.config.settings import Settings
from opsbot.domain.actor import Actor
from opsbot.domain.reload import Reloaded
from opsbot.draw.reload import reload_answer
from opsbot.engine.outage import ON_DISCORD
from opsbot.errors import DeliveryError, DiscordRefused, UsageError
from opsbot.notifiers._transport import PORT
from opsbot.probes.base import Probe
from opsbot.runtime.core import Runtime
from opsbot.runtime.port import Operations

if TYPE_CHECKING:
    from opsbot.bot.client import OpsBot
    from opsbot.bot.line import DiscordLine

ANNOUNCE_TRIES, ANNOUNCE_PAUSE = 3, 5.0
"""How often, and after how many seconds, the ops channel is told of a reload; then its log alone says so."""

log = structlog.get_logger("opsbot.session")


class Session:
    """Logs in to Discord if the configuration has a section `discord`. Without one discord.py is not even
    imported; a section that is added later takes effect at the next start.

    `options` go to the bot (tests shorten discord.py's waits with them).

    Raises:
        UsageError: there is such a section and no token.
    """

    def __init__(self, settings: Settings, clock: Clock, **options: Any) -> None:
        self._settings = settings
        self._clock = clock
        self._options = options
        self.problems: list[str] = []
        self.ready = asyncio.Event()
        self._runtime: Runtime | None = None
        self._operations: Operations | None = None
        if settings.discord is not None and settings.discord.token is None:
            raise UsageError(
                "there is no bot token: put it into the environment as OPSBOT_DISCORD_TOKEN, or name a 0600 "
                "file with `discord.token_file`; without a section `discord` opsbot runs without a bot."
            )
        through_bot = any(spec.kind == "discord" for spec in settings.notifiers)
        self._line = _line(clock) if settings.discord or through_bot else None

    @property
    def line(self) -> DiscordLine:
        """The line to Discord, where there is a section `discord`, or a notifier that would need it."""
        assert self._line is not None
        return self._line

    @property
    def operations(self) -> Operations:
        """Whom the bot asks."""
        asked = self._operations or (self._runtime.ops if self._runtime else None)
        assert asked is not None
        return asked

    @operations.setter
    def operations(self, operations: Operations) -> None:
        self._operations = operations

    @property
    def ports(self) -> Mapping[str, Any]:
        """What the notifier `discord` speaks through."""
        return {} if self._line is None else {PORT: self._line}

    def probes(self, settings: Settings) -> tuple[Probe, ...]:
        """How opsbot's own way to Discord is; none where nothing here has to do with Discord."""
        on_discord = any(spec.kind in ON_DISCORD for t in settings.targets for spec in t.checks)
        if settings.discord is None and not on_discord:
            return ()
        from opsbot.bot.sight import RestProbe

        return (RestProbe(),) if settings.discord is None else (RestProbe(), self.line.sight)

    async def run(self, runtime: Runtime) -> None:
        """Stays logged in until cancelled. A refused token is said once; everything else goes on."""
        discord = self._settings.discord
        if discord is None or discord.token is None:
            return
        self._attach(runtime)
        try:
            await self.line.run(self._bot, discord.token.get_secret_value())
        except DiscordRefused as refusal:
            self._problem(str(refusal))
            log.error("going on without Discord", reason=str(refusal))

    def join(self, runtime: Runtime, settings: Settings) -> None:
        """Another runtime is in the place of the last one, under other settings: the same login speaks to
        it."""
        self._settings = settings
        self._attach(runtime)
        discord, access = settings.discord, settings.access
        bot = self._line.bot if self._line is not None else None
        if bot is not None and discord is not None and access is not None:
            roles = frozenset(discord.mention_role_ids)
            bot.follow(access, discord.channel_id, roles, threads=discord.threads)

    def _attach(self, runtime: Runtime) -> None:
        self._runtime = runtime
        runtime.ops.remarks = lambda: [f"Discord, at the last login: {text}" for text in self.problems]

    async def announce(self, report: Reloaded, actor: Actor) -> None:
        """Tells the ops channel what was changed, silently and as well as can be."""
        discord = self._settings.discord
        if discord is None:
            return
        payload = replace(reload_answer(report, actor.name), silent=True, nonce=f"reload-{uuid4().hex[:12]}")
        for _ in range(ANNOUNCE_TRIES):
            try:
                await self.line.send(discord.channel_id, payload)
            except DeliveryError as error:
                log.warning("the ops channel is not told of the reload", reason=str(error))
                if error.permanent:
                    return
                await self._clock.sleep(ANNOUNCE_PAUSE)
            else:
                return

    def _bot(self) -> OpsBot:
        from opsbot.bot.client import OpsBot

        discord, access = self._settings.discord, self._settings.access
        assert discord is not None
        assert access is not None
        self.problems.clear()

        def usable() -> None:
            self.ready.set()
            for spec in self._settings.notifiers:
                if spec.kind == "discord" and self._runtime is not None:
                    self._runtime.outbox.retry_now(spec.name)

        return OpsBot(
            operations=self.operations,
            access=access,
            channel_id=discord.channel_id,
            clock=self._clock,
            painter=ProcessPainter(self._settings.state_dir / "charts"),
            ping_roles=frozenset(discord.mention_role_ids),
            threads=discord.threads,
            on_problem=self._problem,
            on_usable=usable,
            **self._options,
        )

    def _problem(self, text: str) -> None:
        if text not in self.problems:
            self.problems.append(text)


def _line(clock: Clock) -> DiscordLine:
    from opsbot.bot.line import DiscordLine

    return DiscordLine(clock)
