"""The section `thresholds`: limits that rules name, such as `thresholds.cpu_usage.critical`."""

from __future__ import annotations

from pydantic import Field

from opsbot.config.fields import Count, Interval, NotNegative, Number, Seconds, Section, Timeout


class ThresholdSection(Section):
    """One threshold; what is left out is as built in. `duration_seconds`, `samples` and `window_minutes`
    apply wherever the threshold is used."""

    warning: Number | None = Field(None, description="limit of a warning")
    critical: Number | None = Field(None, description="limit of what is critical")
    warning_recovery: Number | None = Field(None, description="value that ends a warning")
    critical_recovery: Number | None = Field(None, description="value that ends what is critical")
    duration_seconds: Seconds | None = Field(None, description="must be exceeded that long")
    samples: Count | None = Field(None, description="in that many samples one after the other")
    window_minutes: NotNegative | None = Field(None, gt=0, le=10080, description="counted over so long")


USUAL = ThresholdSection.model_construct()
"""A threshold about which the file says nothing."""


class ProcessDown(Section):
    """The watched process."""

    check_interval_seconds: Interval = Field(
        30.0, description="looks at the process (its death shows at once)"
    )
    max_restarts_per_hour: Count = Field(3, description="automatic restarts in any hour, then hold")


class ApiHealth(Section):
    """The health URL."""

    check_interval_seconds: Interval = Field(60.0, description="seconds between two looks")
    max_failures: Count = Field(3, description="failures one after the other until it counts")
    timeout_seconds: Timeout = Field(10.0, description="total time for one answer")


class Thresholds(Section):
    """Limits. Their units and built-in values are in `opsbot.config.thresholds`."""

    cpu_usage: ThresholdSection = Field(USUAL, description="% of one core")
    memory_usage: ThresholdSection = Field(USUAL, description="% of the machine")
    response_time: ThresholdSection = Field(USUAL, description="ms")
    error_rate: ThresholdSection = Field(USUAL, description="errors per minute")
    log_size: ThresholdSection = Field(USUAL, description="MB")
    process_down: ProcessDown = Field(ProcessDown.model_construct(), description="the process")
    api_health: ApiHealth = Field(ApiHealth.model_construct(), description="the health URL")
    rss: ThresholdSection = Field(USUAL, description="MB of physical memory")
    threads: ThresholdSection = Field(USUAL, description="threads")
    errors_per_hour: ThresholdSection = Field(USUAL, description="errors in the log")
    api_errors_per_hour: ThresholdSection = Field(USUAL, description="upstream errors")
    gateway_disconnects_per_day: ThresholdSection = Field(USUAL, description="lost gateway sessions")
    success_rate: ThresholdSection = Field(USUAL, description="% of upstream calls")
    summarize_time: ThresholdSection = Field(USUAL, description="s per summary")
    memory_growth: ThresholdSection = Field(USUAL, description="MB per hour")
    log_growth: ThresholdSection = Field(USUAL, description="MB per hour")
    disk_free: ThresholdSection = Field(USUAL, description="GB")
