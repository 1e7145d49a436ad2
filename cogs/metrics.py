"""`/metrics`: charts of what was measured, and the performance monitor."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from cogs._ui.answer import say, think
from cogs._ui.chart import CONTROLS, chart_payload
from cogs._ui.gate import allowed, needs
from cogs._ui.host import Asked, Host
from cogs._ui.options import (
    Choices,
    suggest_metrics,
    suggest_targets,
    suggest_windows,
    the_target,
)
from cogs._ui.recording import Running, run_recording
from opsbot.domain.access import Permission
from opsbot.domain.recording import INTERVAL
from opsbot.draw.chart import PANELS
from opsbot.errors import UsageError
from opsbot.runtime.recording import LONGEST, SHORTEST
from opsbot.runtime.spans import from_to, seconds_of

RECORDS = ("1m", "10m", "30m", "1h", "6h", "24h")
INTERVALS = ("1s", "5s", "10s", "30s", "60s")


async def suggest_records(_: Asked, current: str) -> Choices:
    """Usual durations of a recording."""
    return [app_commands.Choice(name=d, value=d) for d in RECORDS if d.startswith(current.strip().lower())]


async def suggest_intervals(_: Asked, current: str) -> Choices:
    """Usual times between two samples."""
    return [app_commands.Choice(name=i, value=i) for i in INTERVALS if i.startswith(current.strip().lower())]


class Metrics(commands.Cog):
    """What was measured. `recording`: who records which target now; it ends with the connection."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot
        self.recording: Running = {}

    @app_commands.command(description="Charts of a target's metrics, or record them for a while",
                          extras=needs(Permission.VIEW))  # fmt: skip
    @app_commands.rename(start="from", end="to")
    @app_commands.describe(
        target="Which target; may be left out when there is only one",
        window="How far back: 1h, 6h, 24h, 7d, 30d or alike; 1h if left out",
        metric="Which metrics, with commas between; the usual ones if left out",
        start="Since when, instead of a window: 14:30, 2026-01-05 14:30 or 3h ago",
        end="Until when; now if left out",
        record="Record the performance monitor for so long, such as 10m or 1h",
        interval="With record: time between two samples, such as 5s; 60s if left out",
    )
    @app_commands.autocomplete(
        target=suggest_targets,
        window=suggest_windows,
        metric=suggest_metrics,
        record=suggest_records,
        interval=suggest_intervals,
    )
    @app_commands.guild_only()
    async def metrics(
        self,
        asked: Asked,
        target: str | None = None,
        window: str = "1h",
        metric: str | None = None,
        start: str | None = None,
        end: str | None = None,
        record: str | None = None,
        interval: str | None = None,
    ) -> None:
        """A picture with the statistics; with `record`, what is measured from now on."""
        name = the_target(self.bot.operations, target)
        if record is not None:
            await self._record(asked, name, record, interval)
            return
        if interval is not None:
            raise UsageError("`interval` goes with `record`: say how long, such as 10m.")
        span = from_to(seconds_of(window), start, end, self.bot.clock.now().wall)
        wanted = [part for given in (metric or "").split(",") if (part := given.strip())]
        if len(wanted) > PANELS:
            raise UsageError(f"One chart shows at most {PANELS} metrics.")
        await think(asked, private=False)
        await say(asked, await chart_payload(self.bot, name, span, wanted), private=False)

    async def _record(self, asked: Asked, target: str, duration: str, interval: str | None) -> None:
        actor = allowed(asked, Permission.OPERATE, "record", target)
        seconds = seconds_of(duration, "record", SHORTEST, LONGEST)
        every = INTERVAL if interval is None else seconds_of(interval, "interval", SHORTEST, LONGEST)
        await think(asked, private=False)
        await self.bot.operations.memory.record(actor, "record", target, f"for {seconds:g} s")
        await run_recording(asked, self.recording, target, seconds, min(every, seconds))


async def setup(bot: Host) -> None:
    """Called by discord.py."""
    bot.add_dynamic_items(*CONTROLS)
    await bot.add_cog(Metrics(bot), guild=bot.guild)


async def teardown(bot: Host) -> None:
    """Called by discord.py."""
    bot.remove_dynamic_items(*CONTROLS)
