"""`/logs`: what a target's log says, in the words of the guide's recipes.

Logs can hold what people wrote, so viewers may not ask, and the answer is for the asker alone unless they
share it.
"""

from __future__ import annotations

from contextlib import aclosing, suppress
from dataclasses import replace

import discord
from discord import app_commands
from discord.ext import commands

from cogs._ui.answer import say, think
from cogs._ui.gate import allowed, needs
from cogs._ui.host import Asked, Host
from cogs._ui.options import Choices, suggest_targets, suggestions, the_target
from opsbot.analysis.since import USUAL, since_of
from opsbot.domain.access import Permission
from opsbot.domain.logs import USUAL_REQUEST, LogLook, Question, Topic
from opsbot.draw.logs import logs_payload, logs_progress
from opsbot.logs.patterns import PATTERN_LIMIT
from opsbot.text import one_line

MOST_LINES, FOUND_LINES = 5000, 2000
"""Lines that a tail, and a search, gives at most."""

ABOUT = 200
"""Characters of a question that the audit keeps."""

_TARGET = "Which target; may be left out when there is only one"
_SINCE = "Since when: today, 24h, 7d, 2026-01-05 14:30 or all; {} if left out"
_PRIVATE = "Show the answer to everybody in this channel; only to you if left out"


async def suggest_since(_: Asked, current: str) -> Choices:
    """Usual beginnings."""
    return suggestions([since for since in USUAL if since.startswith(current.strip().casefold())])


class Logs(commands.Cog):
    """The questions; each is one pass over the live log and its archives."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot

    logs = app_commands.Group(name="logs", description="What a target's log says", guild_only=True)

    @logs.command(description="Errors, by type and logger, and the newest",
                          extras=needs(Permission.OPERATE))  # fmt: skip
    @app_commands.describe(target=_TARGET, since=_SINCE.format("today"), public=_PRIVATE)
    @app_commands.autocomplete(target=suggest_targets, since=suggest_since)
    async def errors(
        self, asked: Asked, target: str | None = None, since: str = "today", public: bool = False
    ) -> None:
        """All errors today, and specific types."""
        await self._answer(asked, target, since, public, Question(Topic.ERRORS))

    @logs.command(description="How many errors in each hour", extras=needs(Permission.OPERATE))
    @app_commands.describe(target=_TARGET, since=_SINCE.format("24h"), public=_PRIVATE)
    @app_commands.autocomplete(target=suggest_targets, since=suggest_since)
    async def hourly(
        self, asked: Asked, target: str | None = None, since: str = "24h", public: bool = False
    ) -> None:
        """Error frequency by hour."""
        await self._answer(asked, target, since, public, Question(Topic.HOURLY))

    @logs.command(description="Successful and failed upstream calls, and how long they took",
                          extras=needs(Permission.OPERATE))  # fmt: skip
    @app_commands.describe(
        target=_TARGET,
        since=_SINCE.format("today"),
        host="The upstream's host as it stands in the log; those of the configuration if left out",
        public=_PRIVATE,
    )
    @app_commands.autocomplete(target=suggest_targets, since=suggest_since)
    async def api(
        self,
        asked: Asked,
        target: str | None = None,
        since: str = "today",
        host: app_commands.Range[str, 3, 200] | None = None,
        public: bool = False,
    ) -> None:
        """Calls by outcome."""
        await self._answer(asked, target, since, public, Question(Topic.API, host=host or ""))

    @logs.command(description="Requests, by channel and by user", extras=needs(Permission.OPERATE))
    @app_commands.describe(
        target=_TARGET,
        since=_SINCE.format("today"),
        request=f"What a line about a request holds; {USUAL_REQUEST} if left out",
        public=_PRIVATE,
    )
    @app_commands.autocomplete(target=suggest_targets, since=suggest_since)
    async def usage(
        self,
        asked: Asked,
        target: str | None = None,
        since: str = "today",
        request: app_commands.Range[str, 1, 200] = USUAL_REQUEST,
        public: bool = False,
    ) -> None:
        """What people use."""
        await self._answer(asked, target, since, public, Question(Topic.USAGE, request=request))

    @logs.command(description="The newest lines", extras=needs(Permission.OPERATE))
    @app_commands.describe(target=_TARGET, lines="How many; 20 if left out", public=_PRIVATE)
    @app_commands.autocomplete(target=suggest_targets)
    async def tail(
        self,
        asked: Asked,
        target: str | None = None,
        lines: app_commands.Range[int, 1, MOST_LINES] = 20,
        public: bool = False,
    ) -> None:
        """As `tail -N`."""
        await self._answer(asked, target, "all", public, Question(Topic.TAIL, lines=lines))

    @logs.command(description="Lines that match a pattern", extras=needs(Permission.OPERATE))
    @app_commands.describe(
        pattern="A regular expression (RE2's kind)",
        target=_TARGET,
        since=_SINCE.format("24h"),
        plain="Take the pattern as a text, letter by letter; no if left out",
        ignore_case="Take small and capital letters for the same; no if left out",
        public=_PRIVATE,
    )
    @app_commands.autocomplete(target=suggest_targets, since=suggest_since)
    async def search(
        self,
        asked: Asked,
        pattern: app_commands.Range[str, 1, PATTERN_LIMIT],
        target: str | None = None,
        since: str = "24h",
        plain: bool = False,
        ignore_case: bool = False,
        public: bool = False,
    ) -> None:
        """As `grep`."""
        question = Question(
            Topic.SEARCH, lines=FOUND_LINES, pattern=pattern, plain=plain, ignore_case=ignore_case
        )
        await self._answer(asked, target, since, public, question)

    async def _answer(
        self, asked: Asked, target: str | None, since: str, public: bool, question: Question
    ) -> None:
        name = the_target(self.bot.operations, target)
        question = replace(question, since=since_of(since, self.bot.clock.now().wall))
        await think(asked, private=not public)

        actor = allowed(asked, Permission.OPERATE, "logs", name)
        about = f"{question.topic.value} {question.pattern}".strip()
        await self.bot.operations.memory.record(actor, "logs", name, one_line(about, ABOUT))

        shown = self.bot.clock.now().mono
        async with aclosing(self.bot.operations.logs(name, question)) as states:
            async for state in states:
                if isinstance(state, LogLook):
                    await say(asked, logs_payload(state), private=not public)
                elif self.bot.clock.now().mono - shown >= self.bot.edit_every:
                    shown = self.bot.clock.now().mono
                    with suppress(discord.HTTPException):  # the answer itself matters, and comes
                        await say(asked, logs_progress(state), private=not public)


async def setup(bot: Host) -> None:
    """Called by discord.py."""
    await bot.add_cog(Logs(bot), guild=bot.guild)
