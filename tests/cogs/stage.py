"""The real bot over real HTTP and WebSocket, with scripted operations behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import discord

from opsbot.bot.client import OpsBot
from opsbot.clock import SystemClock
from opsbot.demo.discord_sim import SimulatedDiscord
from opsbot.demo.discord_sim.world import World
from opsbot.domain.access import AccessRules
from opsbot.domain.incident import Incident
from opsbot.domain.levels import IncidentState, Priority, Severity
from opsbot.draw.incident import incident_alarm
from opsbot.engine.access import REFUSAL
from opsbot.runtime.port import LoopInfo
from opsbot.testing.operations import FakeOperations
from tests.sim import GUILD_READY_SECONDS, running

CLOCK = SystemClock()


@dataclass(slots=True)
class Stage:
    """The world, the bot, what is behind it, and what the bot reported."""

    sim: SimulatedDiscord
    operations: FakeOperations
    problems: list[str] = field(default_factory=list)
    usable: list[str] = field(default_factory=list)
    bots: list[OpsBot] = field(default_factory=list)

    @property
    def world(self) -> World:
        return self.sim.world

    @property
    def bot(self) -> OpsBot:
        """The present bot."""
        return self.bots[-1]

    def rules(self) -> AccessRules:
        """Roles of the ready-made world; changes may be asked in any channel."""
        world = self.world
        viewers, operators = frozenset({world.viewer.id}), frozenset({world.operator.id})
        return AccessRules(world.guild.id, viewers, operators, frozenset({world.admin.id}))

    def make(self, **changed: Any) -> OpsBot:
        """A bot of this world, not logged in."""
        parts: dict[str, Any] = {
            "operations": self.operations,
            "access": self.rules(),
            "channel_id": self.world.ops.id,
            "clock": CLOCK,
            "ping_roles": frozenset({self.world.operator.id}),
            "on_problem": self._problem,
            "on_usable": self._usable,
            "edit_every": 0.05,
            "guild_ready_timeout": GUILD_READY_SECONDS,
        }
        self.bots.append(OpsBot(**parts | changed))
        return self.bots[-1]

    @asynccontextmanager
    async def running(self, **changed: Any) -> AsyncIterator[OpsBot]:
        """A bot that is logged in and ready."""
        async with running(self.make(**changed)) as bot:
            yield bot

    async def alarm(self, number: int = 7) -> discord.Message:
        """An open incident that the bot has told of in the ops channel."""
        self.operations.known[number] = incident(number)
        await self.bot.transport.send(self.world.ops.id, incident_alarm(incident(number)))
        return await self.sim.wait_for_message(self.world.ops, lambda m: f"#{number} " in footer(m))

    async def with_buttons(self, *custom_ids: str) -> discord.Message:
        """A message of the bot that really has these buttons."""
        view = discord.ui.View(timeout=None)
        for custom_id in custom_ids:
            view.add_item(discord.ui.Button(label="x", custom_id=custom_id))
        channel = self.bot.get_partial_messageable(self.world.ops.id)
        return await channel.send("buttons", view=view)

    def _problem(self, sentence: str) -> None:
        self.problems.append(sentence)
        self.sim.changes.notify()

    def _usable(self) -> None:
        self.usable.append("now")
        self.sim.changes.notify()


def stage_of(sim: SimulatedDiscord) -> Stage:
    """A stage with one target and two loops."""
    operations = FakeOperations(CLOCK)
    operations.all_loops = {name: LoopInfo(name, 60.0, running=True) for name in ("health", "logs")}
    return Stage(sim, operations)


def incident(number: int = 7) -> Incident:
    """An open one."""
    return Incident(
        id=number,
        target="summarybot",
        title="Bot process is not running",
        state=IncidentState.OPEN,
        priority=Priority.P1,
        severity=Severity.CRITICAL,
        opened=CLOCK.now(),
    )


def over(number: int = 7) -> Incident:
    """One that is resolved."""
    return replace(incident(number), state=IncidentState.RESOLVED, resolved_at=CLOCK.now())


def footer(message: discord.Message) -> str:
    """The marker of an incident's message."""
    return " ".join(embed.footer.text or "" for embed in message.embeds)


def said(result: Any) -> str:
    """All text of an answer."""
    shown = [r for r in (result.response, *result.followups) if r is not None]
    return "\n".join(part for answer in shown for part in (answer.content, *map(_embed, answer.embeds)))


def refused(result: Any) -> bool:
    """Whether the answer is the private refusal, and nothing else."""
    shown = [r for r in (result.response, *result.followups) if r is not None]
    text = said(result).replace("🚫 Not done", "").strip()
    return len(shown) == 1 and shown[0].ephemeral and text == REFUSAL


def _embed(embed: discord.Embed) -> str:
    fields = [f"{f.name} {f.value}" for f in embed.fields]
    return "\n".join(filter(None, [embed.title, embed.description, *fields]))
