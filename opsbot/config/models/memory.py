"""The sections `postmortems` and `reports`: what is written of what is over."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field

from opsbot.config.fields import Section
from opsbot.domain.levels import Priority

CLOCK = r"([01]\d|2[0-3]):[0-5]\d"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _fits(pattern: str, example: str) -> AfterValidator:
    form = re.compile(pattern, re.ASCII)

    def check(text: str) -> str:
        if text and not form.fullmatch(text):
            raise ValueError(f"must be a time such as `{example}`, in the machine's time zone")
        return text

    return AfterValidator(check)


Daily = Annotated[str, _fits(CLOCK, "09:00")]
Weekly = Annotated[str, _fits(rf"({'|'.join(DAYS)}) {CLOCK}", "mon 09:00")]
Monthly = Annotated[str, _fits(rf"([1-9]|1\d|2[0-8]) {CLOCK}", "1 09:00")]
"""The 29th and later are not in every month."""


class PostmortemsSection(Section):
    """What gets a postmortem when it is over."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True, populate_by_name=True)

    least: Priority | Literal["off"] = Field(
        Priority.P2, alias="from", description="least urgent priority that gets one; off: none does"
    )


class ReportsSection(Section):
    """When the ops channel is told a report."""

    daily: Daily = Field("", description='of the last 24 hours, such as "09:00"')
    weekly: Weekly = Field("", description='of the last 7 days, such as "mon 09:00"')
    monthly: Monthly = Field("", description='of the last 30 days, such as "1 09:00"')
