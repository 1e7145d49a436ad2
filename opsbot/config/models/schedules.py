"""The section `schedules`: how often is looked."""

from __future__ import annotations

from pydantic import Field

from opsbot.config.fields import Interval, NotNegative, Section


class Schedule(Section):
    """One monitoring loop."""

    interval_seconds: Interval = Field(60.0, description="seconds between two looks")
    enabled: bool = Field(True, description="false leaves its checks out")


class DiskSchedule(Schedule):
    """The loop that looks at free space."""

    interval_seconds: Interval = Field(3600.0, description="seconds between two looks")
    threshold_gb: NotNegative = Field(5.0, description="free space below which a warning is told")


class RotationSchedule(Schedule):
    """The loop that looks at the logs' sizes."""

    interval_seconds: Interval = Field(3600.0, description="seconds between two looks")
    cron: str = Field("", max_length=100, description="times at which logs are rotated whatever their size")


class Schedules(Section):
    """The monitoring loops."""

    health_check: Schedule = Field(Schedule.model_construct(), description="HTTP, port, gateway, upstream")
    performance_metrics: Schedule = Field(
        Schedule.model_construct(interval_seconds=300.0),
        description="CPU, memory, threads",
    )
    log_rotation: RotationSchedule = Field(
        RotationSchedule.model_construct(), description="the log file's size"
    )
    disk_space: DiskSchedule = Field(DiskSchedule.model_construct(), description="free space")
