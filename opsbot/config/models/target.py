"""One entry of the section `targets`."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from opsbot.config.fields import Count, Seconds, Section, Timeout, Word


class Restart(Section):
    """How one target is restarted; what is not said here is as in `actions.restart`."""

    enabled: bool | None = Field(None, description="whether opsbot may restart it by itself")
    max_per_hour: Count | None = Field(None, description="automatic restarts in any hour, then hold")
    backoff_seconds: Seconds | None = Field(None, description="wait before the second restart, doubling")
    backoff_max_seconds: Seconds | None = Field(None, description="longest wait")
    healthy_reset_seconds: Seconds | None = Field(None, description="health after which waits begin anew")
    never_codes: tuple[int, ...] | None = Field(None, description="exit codes that mean: do not restart")
    handover_seconds: Seconds | None = Field(None, description="wait for a new process after a clean exit")
    stop_timeout_seconds: Timeout | None = Field(None, description="between SIGTERM and SIGKILL")
    start_timeout_seconds: Timeout | None = Field(None, description="until port and health must answer")


class TargetSection(Section):
    """One watched service. Checks and supervisor are validated by their kinds."""

    title: str = Field("", max_length=100, description="name for people")
    supervisor: dict[str, Any] | None = Field(None, description="how it is started and stopped")
    checks: dict[Word, dict[str, Any] | None] = Field(min_length=1, description="what is looked at")
    restart: Restart = Field(Restart.model_construct(), description="how it is restarted")
    labels: dict[str, str] = Field(default_factory=dict, description="shown with its incidents")
