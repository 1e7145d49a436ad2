"""One window of the section `maintenance`."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from opsbot.config.fields import Section, Span, one_or_more


def _bounded(seconds: float) -> float:
    if not 60 <= seconds <= 31 * 86_400:
        raise ValueError("must be from one minute (`1m`) to 31 days (`31d`)")
    return seconds


Duration = Annotated[Span, AfterValidator(_bounded)]
"""A minute to 31 days."""


class WindowSection(Section):
    """Time in which targets are worked on: once (`from`, `until`), or repeatedly (`cron`, `duration`)."""

    name: str = Field(min_length=1, max_length=80, description="what people call it")
    targets: Annotated[tuple[str, ...], BeforeValidator(one_or_more)] = Field(
        (), description="which targets; `*` stands for anything; default: all"
    )
    reason: str = Field("", max_length=300, description="why, for people")
    timezone: str = Field("", max_length=64, description="such as `Europe/Berlin`; default: the machine's")
    begin: str = Field("", alias="from", max_length=80, description="when it begins: `2026-01-05 22:00`")
    until: str = Field("", max_length=80, description="when it is over")
    cron: str = Field("", max_length=100, description="when it begins again and again: five fields")
    duration: Duration | None = Field(None, description="for how long: `45m`, `2h`, or seconds")
