"""One entry of the section `targets`."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from opsbot.config.causes import Cause
from opsbot.config.fields import (
    Count,
    Days,
    ExitCode,
    NotNegative,
    Seconds,
    Section,
    TargetName,
    Timeout,
    Word,
)
from opsbot.config.models.credential import CredentialSection


class Restart(Section):
    """How one target is restarted; what is not said here is as in `actions.restart`."""

    enabled: bool | None = Field(None, description="whether opsbot may restart it by itself")
    max_per_hour: Count | None = Field(None, description="automatic restarts in any hour, then hold")
    backoff_seconds: Seconds | None = Field(None, description="wait before the second restart, doubling")
    backoff_max_seconds: Seconds | None = Field(None, description="longest wait")
    healthy_reset_seconds: Seconds | None = Field(None, description="health after which waits begin anew")
    causes: tuple[Cause, ...] | None = Field(
        None, description="what may restart it: died, unhealthy, rule, gateway_lost, zombie_sockets, …"
    )
    never_codes: tuple[ExitCode, ...] | None = Field(None, description="exit codes that mean: do not restart")
    handover_seconds: Seconds | None = Field(None, description="wait for a new process after a clean exit")
    start_grace_seconds: Seconds | None = Field(
        None, description="after its start, time until its first good answer is missed"
    )
    stop_timeout_seconds: Timeout | None = Field(None, description="between SIGTERM and SIGKILL")
    start_timeout_seconds: Timeout | None = Field(None, description="until port and health must answer")


class Rotate(Section):
    """How one target's log is rotated; what is not said here is as in `actions.rotate_logs`."""

    enabled: bool | None = Field(None, description="whether opsbot rotates it by itself")
    path: str | None = Field(
        None, min_length=1, description="the log; default: what the supervisor writes or a check reads"
    )
    max_size_mb: NotNegative | None = Field(None, description="size from which it is rotated")
    keep: int | None = Field(None, ge=0, le=10_000, description="archives kept")
    max_age_days: Days | None = Field(None, description="days after which an archive is deleted")
    archive_dir: str | None = Field(None, min_length=1, description="folder of the archives")
    cron: str = Field("", max_length=100, description="rotated at these times too, whatever its size")
    watched: bool = Field(False, description="the target reopens a renamed log by itself")
    reopen_signal: str | None = Field(None, description="signal on which the target reopens its log")
    foreign: bool = Field(False, description="rotate although something else seems to rotate it")


class TargetSection(Section):
    """One watched service. Checks and supervisor are validated by their kinds."""

    title: str = Field("", max_length=100, description="name for people")
    supervisor: dict[str, Any] | None = Field(None, description="how it is started and stopped")
    checks: dict[Word, dict[str, Any] | None] = Field(min_length=1, description="what is looked at")
    restart: Restart = Field(Restart.model_construct(), description="how it is restarted")
    rotate: Rotate = Field(Rotate.model_construct(), description="how its log is rotated")
    depends_on: tuple[TargetName, ...] = Field((), description="targets without which it cannot work")
    labels: dict[str, str] = Field(default_factory=dict, description="shown with its incidents")
    credentials: dict[Word, CredentialSection] = Field(
        default_factory=dict, description="its keys, for the action check_api_key"
    )
