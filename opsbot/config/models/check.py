"""What every check under `targets` has beside its kind's own options."""

from __future__ import annotations

from pydantic import Field

from opsbot.config.fields import Interval, Section, Timeout


class CheckSection(Section):
    """One check."""

    type: str | None = Field(None, description="its kind; default: its name")
    interval_seconds: Interval | None = Field(None, description="seconds between two looks")
    timeout_seconds: Timeout | None = Field(None, description="seconds one look may take")
