"""The report of a day, a week or a month: for Discord, the terminal and programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import tzinfo
from typing import Any

from opsbot.domain.chart import Chart, Panel, Point, Style
from opsbot.domain.report import Figures, Period, Report, Spread, Uptime
from opsbot.draw.limits import EMBED_DESCRIPTION, clamp
from opsbot.draw.payload import Colour, Embed, Field, File, Payload
from opsbot.draw.ticks import local, ticks, window_text, zone_text
from opsbot.text import number_text, one_line, percent_text, safe_text, seconds_text, units

PICTURE = "report.png"

NAMES = {Period.DAY: "Daily report", Period.WEEK: "Weekly report", Period.MONTH: "Monthly report"}

QUIET = "Nothing happened: no incident, no restart, nothing was down."
UNSEEN = "opsbot did not look at anything in this time, so there is nothing to report yet."

TIMES = (
    "Times are medians, from the alert: to tell, until a message first arrived where people read it; to "
    "acknowledge, until somebody took it on; to restore, all the time that it was open."
)

WHAT_IS_DOWN = (
    "Down: the process did not run, or a P1 incident was open. What opsbot did not see counts neither way."
)

_NAME, _RULE = 60, 80  # characters
_TARGETS = 20
_PANELS = 3
_EXACT = 99.0


def report_payload(
    report: Report, *, picture: bytes | None = None, note: str = "", marker: str = ""
) -> Payload:
    """`note`: what else is to be said, such as how charts are installed; `marker`: by which opsbot knows its
    own report again."""
    now = report.now
    embed = Embed(
        title=f"📊 {NAMES[report.period]}: {window_text(now.since, now.until, report.at.wall)}",
        description=_fitting(_uptimes(report)) + _empty(now),
        colour=_colour(now),
        fields=tuple(Field(name, _lines(text), inline=True) for name, text in _facts(report)),
        footer=" · ".join(part for part in (marker, WHAT_IS_DOWN, _times(now), note) if part),
        at=report.at.wall,
        image=PICTURE if picture else "",
    )
    return clamp(Payload(embeds=(embed,), files=(File(PICTURE, picture),) if picture else ()))


def report_text(report: Report, zone: tzinfo | None = None) -> str:
    """For the terminal; ends without a newline."""
    now = report.now
    begin, end = (f"{local(wall, zone):%Y-%m-%d %H:%M}" for wall in (now.since, now.until))
    lines = [f"{NAMES[report.period]}, {begin} to {end} {zone_text(now.until, zone)}", ""]
    lines += [
        f"{_mark(u)} {one_line(u.target, _NAME)}: {_uptime(u, _before(report, u))}" for u in now.uptimes
    ]
    lines += ["", _empty(now).strip()] if _empty(now) else [""]
    width = max(len(name) for name, _ in _facts(report)) + 1
    for name, text in _facts(report):
        first, *rest = text.split("\n")
        lines.append(f"{name + ':':{width}} {one_line(first, 200)}")
        lines += [f"{'':{width}} {one_line(more, 200)}" for more in rest]
    return "\n".join([*lines, "", WHAT_IS_DOWN, _times(now)]).rstrip()


def report_data(report: Report) -> dict[str, Any]:
    """For programs: seconds, and times in seconds since 1970 UTC."""
    return {
        "period": report.period.value,
        "at": report.at.wall,
        **_data(report.now),
        "before": _data(report.before),
    }


def _data(figures: Figures) -> dict[str, Any]:
    found = asdict(figures)
    found["opened"] = {priority.value: count for priority, count in figures.opened}
    del found["bars"]
    for one, data in zip(figures.uptimes, found["uptimes"], strict=True):
        del data["slots"]
        data["part"] = one.part
    return found


def report_chart(report: Report, zone: tzinfo | None = None) -> Chart:
    """Uptime over time of the targets that were down longest, and when incidents opened."""
    now, slot = report.now, report.period.slot
    shown = sorted((u for u in now.uptimes if u.slots), key=lambda u: (-u.down, u.target))[:_PANELS]
    panels = [
        Panel(
            title=one_line(f"{one.title}, up", 40),
            unit="%",
            style=Style.STEPS,
            points=tuple(Point(s.wall, *(100 * s.part,) * 3) for s in one.slots),
            step=slot,
            gap=slot * 1.5,
            top=105.0,
        )
        for one in shown
    ]
    bars = tuple(Point(wall, *(float(count),) * 3) for wall, count in now.bars)
    unit = f"per {seconds_text(slot)}"
    panels.append(Panel("Incidents", unit, Style.BARS, bars, step=slot, gap=slot * 1.5, top=1.0))
    return Chart(
        title=NAMES[report.period],
        window=window_text(now.since, now.until, report.at.wall, zone),
        since=now.since,
        until=now.until,
        zone=zone_text(now.until, zone),
        panels=tuple(panels),
        ticks=ticks(now.since, now.until, zone),
    )


# -- parts


def _empty(figures: Figures) -> str:
    if not figures.watched and not figures.incidents:
        return f"\n{UNSEEN}"
    return f"\n🟢 {QUIET}" if figures.quiet else ""


def _colour(figures: Figures) -> Colour:
    if figures.quiet:
        return Colour.GREEN if figures.watched else Colour.GREY
    return Colour.ORANGE if figures.open_now else Colour.BLUE


def _uptimes(report: Report) -> Iterator[str]:
    worst = sorted(report.now.uptimes, key=lambda one: (-one.down, one.target))
    for one in worst[:_TARGETS]:
        yield f"{_mark(one)} **{safe_text(one.title, _NAME)}**: {_uptime(one, _before(report, one))}"
    if len(worst) > _TARGETS:
        yield f"… and {len(worst) - _TARGETS} more"


def _lines(text: str) -> str:
    return "\n".join(safe_text(line, 180) for line in text.split("\n"))


def _fitting(lines: Iterator[str]) -> str:
    kept, left = [], EMBED_DESCRIPTION - 300
    for line in lines:
        left -= units(line) + 1
        if left < 0:
            break
        kept.append(line)
    return "\n".join(kept)


def _mark(one: Uptime) -> str:
    return "?" if one.part is None else "✗" if one.down > 0 else "✓"


def _uptime(one: Uptime, before: Uptime | None) -> str:
    if one.part is None:
        return "not watched"
    text = f"{_percent(one.part)} up"
    text += f", down {_minutes(one.down)}" if one.down > 0 else ""
    if before is not None and before.part is not None:
        text += f" (before: {_percent(before.part)})"
    return text


def _before(report: Report, one: Uptime) -> Uptime | None:
    return next((b for b in report.before.uptimes if b.target == one.target), None)


def _percent(part: float) -> str:
    """Never rounded up to a hundred: what was down for a moment was not always up."""
    percent = 100 * part
    if percent >= _EXACT and part < 1:
        return f"{min(percent, 99.999):.3f}%"
    return percent_text(percent)


def _minutes(seconds: float) -> str:
    return seconds_text(seconds) if seconds < 60 else f"{number_text(seconds / 60)} min"


def _times(figures: Figures) -> str:
    """What the times are, where there are any."""
    return TIMES if figures.told or figures.acknowledge or figures.restore else ""


def _facts(report: Report) -> Iterator[tuple[str, str]]:
    now, before = report.now, report.before
    known = before.watched or before.incidents > 0
    yield "Incidents", _counted(now.incidents, before.incidents, known) + _priorities(now)
    if now.told or before.told:
        yield "Time to tell", _spread(now.told, before.told)
    yield "Time to acknowledge", _spread(now.acknowledge, before.acknowledge) + _nobody(now)
    yield "Time to restore", _spread(now.restore, before.restore)
    restarts = f"{_counted(now.restarts, before.restarts, known)}"
    if now.restarts:
        restarts += f"\n{now.automatic:,} automatic, {now.by_people:,} by people, {now.failed:,} failed"
    yield "Restarts", restarts
    if now.noisiest:
        lines = [
            f"{one_line(n.rule, _RULE)} on {one_line(n.target, _NAME)}: {n.times:,}×" for n in now.noisiest
        ]
        yield "Noisiest rules", "\n".join(lines)
    if now.open_now:
        numbers = ", ".join(f"#{number}" for number in now.open_now[:10])
        more = f" and {len(now.open_now) - 10} more" if len(now.open_now) > 10 else ""
        yield "Still open", f"{numbers}{more}"


def _counted(now: int, before: int, known: bool) -> str:
    return f"{now:,} (before: {before:,})" if known else f"{now:,}"


def _priorities(figures: Figures) -> str:
    said = [f"{priority.value}: {count:,}" for priority, count in figures.opened if count]
    return f"\n{', '.join(said)}" if said else ""


def _spread(now: Spread | None, before: Spread | None) -> str:
    if now is None:
        return "–"
    was = f" (before: {seconds_text(before.median)})" if before else ""
    worst = f"\nworst {seconds_text(now.worst)}, incident #{now.worst_of}" if now.count > 1 else ""
    return f"{seconds_text(now.median)}{was}{worst}"


def _nobody(figures: Figures) -> str:
    return f"\n{figures.unacknowledged:,} by nobody" if figures.unacknowledged else ""
