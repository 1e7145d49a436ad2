"""The section `retention`: how long data is kept."""

from __future__ import annotations

from pydantic import Field

from opsbot.config.fields import Days, Section


class Keep(Section):
    """How long one kind of data is kept, and where."""

    duration_days: Days = Field(30.0, description="days until deleted")
    path: str | None = Field(None, min_length=1, description="folder for exported or archived files")


class Retention(Section):
    """How long data is kept."""

    metrics: Keep = Field(Keep.model_construct(), description="samples")
    logs: Keep = Field(Keep.model_construct(duration_days=14.0), description="archived logs")
    alerts: Keep = Field(Keep.model_construct(duration_days=90.0), description="incidents")
