"""What is written of what is over: postmortems, and reports at their times."""

from __future__ import annotations

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


def report_times(shop: Workshop, *, channel: bool) -> tuple[ReportTime, ...]:
    """When reports are told. `channel`: there is one to tell them in."""
    if shop.value((REPORTS,)) is None:
        return ()
    from opsbot.config.models.memory import DAYS, ReportsSection

    section = shop.build(ReportsSection, (REPORTS,))
    if section is None:
        return ()
    found = []
    if section.daily:
        found.append(ReportTime(Period.DAY, f"{_clock(section.daily)} * * *"))
    if section.weekly:
        day, clock = section.weekly.split(" ")
        found.append(ReportTime(Period.WEEK, f"{_clock(clock)} * * {(DAYS.index(day) + 1) % 7}"))
    if section.monthly:
        day, clock = section.monthly.split(" ")
        found.append(ReportTime(Period.MONTH, f"{_clock(clock)} {day} * *"))
    if found and not channel:
        shop.remark("reports are told in the ops channel: without a section `discord` nobody gets any.")
    return tuple(found)


def _clock(text: str) -> str:
    """The first two fields of a cron expression."""
    hours, _, minutes = text.partition(":")
    return f"{int(minutes)} {int(hours)}"
