"""A chart in a message, and what stands below it: menus for window and metrics, buttons for CSV and refresh.

What a chart shows is read from its own menus, whose chosen lines are marked: so they work on old messages and
after a restart, and nothing about them is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import discord

from cogs._ui.answer import say, think, think_in_place
from cogs._ui.buttons import GuardedItem
from cogs._ui.host import Asked, Host
from cogs._ui.options import the_target
from opsbot.charts.base import INSTALL, NoChart
from opsbot.domain.access import Permission
from opsbot.domain.metrics import Window
from opsbot.draw.answers import notice
from opsbot.draw.chart import PANELS, chart_of_report
from opsbot.draw.limits import CHOICES
from opsbot.draw.metrics import METRICS, WINDOW, metrics_payload, window_of_value
from opsbot.draw.payload import Colour, File, Payload
from opsbot.draw.performance import NO_SAMPLES, csv_text, file_name, statistics_text
from opsbot.errors import UsageError
from opsbot.text import code_block

TARGET = r"[A-Za-z0-9][A-Za-z0-9_-]{0,49}"
"""A target in a custom_id, as `opsbot.config.targets` allows them."""

WITHOUT = f"Charts instead of these lines: {INSTALL}"
HOUR = Window(3600.0)
BROKEN = "This menu cannot be read any more: use /metrics again."
_STATISTICS = 1500  # units


@dataclass(frozen=True, slots=True)
class Shown:
    """What a chart shows. Without `metrics`: the usual ones."""

    window: Window = HOUR
    metrics: tuple[str, ...] = ()


async def chart_payload(host: Host, target: str, window: Window, wanted: Sequence[str] = ()) -> Payload:
    """The answer of `/metrics`. Without a painter every metric has a sparkline; when it fails, those that
    were to be drawn.

    Raises:
        UsageError: no such target, metric or window.
    """
    painter = host.painter
    if painter.missing:
        report = await host.operations.metrics(target, window, wanted, every=not wanted)
        return metrics_payload(report, window, note=WITHOUT, most=CHOICES)
    report = await host.operations.metrics(target, window, wanted[:PANELS])
    if not report.metrics:
        return metrics_payload(report, window, most=PANELS)
    try:
        picture = await painter.paint(chart_of_report(report))
    except NoChart as why:
        return metrics_payload(report, window, note=str(why), most=PANELS)
    return metrics_payload(report, window, picture=picture, most=PANELS)


class _Control(GuardedItem, template=r"(?!)"):
    """One that is told what the chart shows."""

    permission = Permission.VIEW

    async def pressed(self, asked: Asked) -> None:
        """Redraws the chart as the control says."""
        target = the_target(asked.client.operations, self.key)
        wanted = self.asked_for(shown_by(asked.message, self.key))
        await think_in_place(asked)
        payload = await chart_payload(asked.client, target, wanted.window, wanted.metrics)
        self.person(asked)
        await say(asked, payload, private=False)

    def asked_for(self, shown: Shown) -> Shown:
        """What is wanted now, after what was shown."""
        return shown

    def taken(self) -> list[str]:
        """The values that were chosen in a menu.

        Raises:
            UsageError: it is no menu, or nothing was.
        """
        item: Any = self.item
        if not isinstance(item, discord.ui.Select) or not item.values:
            raise UsageError(BROKEN)
        return list(item.values)


class WindowMenu(_Control, template=rf"opsbot:chart_window:(?P<key>{TARGET})"):
    """How far back."""

    verb = "change a chart's window"

    def asked_for(self, shown: Shown) -> Shown:
        """The chosen window, the same metrics."""
        chosen = window_of_value(self.taken()[0])
        if chosen is None:
            raise UsageError(BROKEN)
        return replace(shown, window=chosen)


class MetricsMenu(_Control, template=rf"opsbot:chart_metrics:(?P<key>{TARGET})"):
    """Which metrics."""

    verb = "change a chart's metrics"

    def asked_for(self, shown: Shown) -> Shown:
        """The same window, the chosen metrics."""
        return replace(shown, metrics=tuple(self.taken()))


class Refresh(_Control, template=rf"opsbot:chart_refresh:(?P<key>{TARGET})"):
    """The same as it is now."""

    verb = "refresh a chart"


class CsvButton(_Control, template=rf"opsbot:chart_csv:(?P<key>{TARGET})"):
    """The performance monitor's file over the window that is shown, for whoever pressed."""

    verb = "export a chart"

    async def pressed(self, asked: Asked) -> None:
        """Answers the presser alone."""
        host = asked.client
        target = the_target(host.operations, self.key)
        window = shown_by(asked.message, self.key).window
        await think(asked, private=True)
        looks = await host.operations.performances(target, window)
        actor = self.person(asked)
        if not looks:
            await say(asked, notice("No CSV", NO_SAMPLES), private=True)
            return
        await host.operations.memory.record(actor, "export metrics", target, f"{len(looks):,} samples")
        file = File(file_name(looks[0].wall), csv_text(looks).encode())
        text = code_block(statistics_text(looks), _STATISTICS)
        payload = notice(f"📄 {len(looks):,} samples", text, Colour.BLUE)
        await say(asked, with_files(payload, file), private=True)


CONTROLS = (WindowMenu, MetricsMenu, Refresh, CsvButton)


def with_files(payload: Payload, *files: File) -> Payload:
    """The same message with files."""
    return Payload(payload.content, payload.embeds, payload.rows, files=files)


def shown_by(message: discord.Message | None, target: str) -> Shown:
    """What a chart's menus have marked; an hour, and no metrics, where they are gone."""
    shown = Shown()
    for menu in _menus(message):
        marked = tuple(option.value for option in menu.options if option.default)
        if menu.custom_id == WINDOW.format(target=target) and marked:
            shown = replace(shown, window=window_of_value(marked[0]) or HOUR)
        elif menu.custom_id == METRICS.format(target=target):
            shown = replace(shown, metrics=marked)
    return shown


def _menus(message: discord.Message | None) -> list[discord.SelectMenu]:
    rows = message.components if message is not None else []
    items = [item for row in rows if isinstance(row, discord.ActionRow) for item in row.children]
    return [item for item in items if isinstance(item, discord.SelectMenu)]
