"""The section `retention`: how long data is kept."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from opsbot.config.fields import Days, Section, no_switch


class Keep(Section):
    """How long one kind of data is kept, and where."""

    duration_days: Days = Field(30.0, description="days until deleted")
    path: str | None = Field(None, min_length=1, description="folder for exported or archived files")


class KeepMetrics(Keep):
    """How long the history of metrics is kept, and how much of it."""

    duration_days: Days = Field(30.0, description="days for which minutes are kept")
    raw_hours: Annotated[float, BeforeValidator(no_switch), Field(allow_inf_nan=False, gt=0, le=8784)] = (
        Field(24.0, description="hours for which every value is kept")
    )
    hour_days: Days = Field(365.0, description="days for which hours are kept")
    max_size_mb: Annotated[float, BeforeValidator(no_switch), Field(allow_inf_nan=False, ge=16)] = Field(
        2048.0, description="what the history may take on disk; every value goes first, then minutes"
    )


class Retention(Section):
    """How long data is kept."""

    metrics: KeepMetrics = Field(KeepMetrics.model_construct(), description="samples")
    logs: Keep = Field(Keep.model_construct(duration_days=14.0), description="archived logs")
    alerts: Keep = Field(Keep.model_construct(duration_days=90.0), description="incidents")
