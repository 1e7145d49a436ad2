"""What is written of what is over: postmortems, and reports at their times."""

from __future__ import annotations

from collections.abc import Mapping

from opsbot.config.workshop import Workshop
from opsbot.domain.levels import Priority
from opsbot.domain.report import Period, ReportTime

POSTMORTEMS, REPORTS = "postmortems", "reports"


def postmortems(shop: Workshop) -> Priority | None:
    """The least urgent priority that gets one; None: none does."""
    if shop.value((POSTMORTEMS,)) is None:
        return Priority.P2
    from opsbot.config.models.memory import PostmortemsSection

    section = shop.build(PostmortemsSection, (POSTMORTEMS,))
    return section.least if section is not None and isinstance(section.least, Priority) else None


def reports(shop: Workshop, *, channel: bool) -> dict[str, str]:
    """When reports are told, as the file has it. `channel`: there is one to tell them in."""
    if shop.value((REPORTS,)) is None:
        return {}
    from opsbot.config.models.memory import ReportsSection

    section = shop.build(ReportsSection, (REPORTS,))
    if section is None:
        return {}
    found = {name: text for name in ReportsSection.model_fields if (text := getattr(section, name))}
    if found and not channel:
        shop.remark("reports are told in the ops channel: without a section `discord` nobody gets any.")
    return found


def report_times(reports: Mapping[str, str]) -> tuple[ReportTime, ...]:
    """The same as cron expressions."""
    return tuple(_TIMES[name](text) for name, text in reports.items())


def _daily(text: str) -> ReportTime:
    return ReportTime(Period.DAY, f"{_clock(text)} * * *")


def _weekly(text: str) -> ReportTime:
    from opsbot.config.models.memory import DAYS

    day, clock = text.split(" ")
    return ReportTime(Period.WEEK, f"{_clock(clock)} * * {(DAYS.index(day) + 1) % 7}")


def _monthly(text: str) -> ReportTime:
    day, clock = text.split(" ")
    return ReportTime(Period.MONTH, f"{_clock(clock)} {day} * *")


_TIMES = {"daily": _daily, "weekly": _weekly, "monthly": _monthly}


def _clock(text: str) -> str:
    """The first two fields of a cron expression."""
    hours, _, minutes = text.partition(":")
    return f"{int(minutes)} {int(hours)}"
