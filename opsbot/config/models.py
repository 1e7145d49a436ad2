"""The sections of a configuration file, as people write them. `docs/configuration.md` explains every key."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr

from opsbot.config.fields import (
    Count,
    Days,
    Interval,
    NotNegative,
    Seconds,
    Section,
    Snowflake,
    Snowflakes,
    TargetName,
    Timeout,
    Word,
)
from opsbot.config.thresholds import Thresholds
from opsbot.domain.levels import Priority, Severity

MAX_TEXT = 500
"""Longest message, title or label."""

VERSIONS = ("1", "1.0")
"""Versions of the file's shape that this opsbot reads."""


def _version(value: Any) -> str:
    text = str(value)
    if text not in VERSIONS:
        raise ValueError('must be "1.0": this opsbot reads no other version')
    return text


class Roles(Section):
    """Roles by id; each may do what the ones before it may."""

    viewer: Snowflakes = Field((), description="may look: health, metrics, incidents")
    operator: Snowflakes = Field((), description="may acknowledge, pause and resume")
    admin: Snowflakes = Field((), description="may restart, stop and start")


class Discord(Section):
    """opsbot's own bot."""

    token: SecretStr | None = Field(None, description="the bot's token; default: OPSBOT_DISCORD_TOKEN")
    token_file: str | None = Field(None, description="a 0600 file with the token instead")
    guild: Snowflake = Field(description="id of the server")
    ops_channel: Snowflake = Field(description="id of the channel for incidents")
    roles: Roles = Field(default_factory=Roles, description="who may do what")
    mention_roles: Snowflakes | None = Field(None, description="roles pinged; default: operator roles")
    mention_from: Priority = Field(Priority.P3, description="least urgent priority that pings them")
    command_channels: Snowflakes | None = Field(
        None, description="channels in which changes may be asked; default: ops_channel, []: any"
    )


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
    restart: Restart = Field(default_factory=Restart, description="how it is restarted")
    labels: dict[str, str] = Field(default_factory=dict, description="shown with its incidents")


class RuleSection(Section):
    """One rule."""

    name: Word = Field(description="its name; a built-in rule of this name is replaced")
    condition: str | None = Field(None, description="when it is true, such as `cpu > 85`")
    severity: Severity = Field(Severity.WARNING, description="info, warning or critical")
    message: str = Field("", max_length=MAX_TEXT, description="text with fields such as {cpu}")
    action: str = Field("none", description="what opsbot does")
    priority: Priority | None = Field(None, description="P1 to P4; default: from condition and severity")
    for_seconds: Seconds | None = Field(None, description="must be true that long without a gap")
    samples: Count | None = Field(None, description="must be true in that many samples …")
    of_samples: Count | None = Field(None, description="… of the last so many; default: the same")
    recover_seconds: Seconds | None = Field(None, description="must be false that long to resolve")
    targets: tuple[TargetName, ...] = Field((), description="only for these; default: all")
    enabled: bool = Field(True, description="false turns the rule (also a built-in one) off")


class Schedule(Section):
    """One monitoring loop."""

    interval_seconds: Interval = Field(60.0, description="seconds between two looks")
    enabled: bool = Field(True, description="false leaves its checks out")


class DiskSchedule(Schedule):
    """The loop that looks at free space."""

    interval_seconds: Interval = Field(3600.0, description="seconds between two looks")
    threshold_gb: NotNegative = Field(5.0, description="free space below which a warning is told")


class Schedules(Section):
    """The monitoring loops."""

    health_check: Schedule = Field(default_factory=Schedule, description="HTTP, port, gateway, upstream")
    performance_metrics: Schedule = Field(
        default_factory=lambda: Schedule(interval_seconds=300.0), description="CPU, memory, threads"
    )
    log_rotation: Schedule = Field(
        default_factory=lambda: Schedule(interval_seconds=3600.0), description="the log file's size"
    )
    disk_space: DiskSchedule = Field(default_factory=DiskSchedule, description="free space")


class Action(Section):
    """What every action has."""

    enabled: bool = Field(True, description="false: rules that ask for it only alert")
    script: str | None = Field(None, description="read but not run: opsbot's own action takes its place")
    command: tuple[str, ...] | None = Field(None, min_length=1, description="a custom command, as a list")


class RestartAction(Action):
    """Automatic restarts of all targets."""

    max_attempts: Count = Field(3, description="automatic restarts in any hour, at most")
    backoff_seconds: Seconds = Field(1.0, description="wait before the second restart, doubling to 300 s")


class RotateAction(Action):
    """Rotation of the log file."""

    keep_files: int | None = Field(None, ge=0, le=10_000, description="archives kept; default 10")
    max_size_mb: NotNegative | None = Field(None, description="size from which a log is rotated")


class MonitorAction(Action):
    """Closer watching."""

    duration_seconds: Seconds = Field(300.0, description="how long it samples every second")


class Actions(Section):
    """What opsbot does about a rule. Other names are custom actions with a `command`."""

    restart: RestartAction = Field(default_factory=RestartAction, description="restart the target")
    rotate_logs: RotateAction = Field(default_factory=RotateAction, description="rotate its log")
    investigate: Action = Field(default_factory=Action, description="collect diagnostics, ask a person")
    monitor: MonitorAction = Field(default_factory=MonitorAction, description="sample every second")
    check_api_key: Action = Field(default_factory=Action, description="check the upstream's key")


class Keep(Section):
    """How long one kind of data is kept, and where."""

    duration_days: Days = Field(30.0, description="days until deleted")
    path: str | None = Field(None, description="folder for exported or archived files")


class Retention(Section):
    """How long data is kept."""

    metrics: Keep = Field(default_factory=Keep, description="samples")
    logs: Keep = Field(default_factory=lambda: Keep(duration_days=14.0), description="archived logs")
    alerts: Keep = Field(default_factory=lambda: Keep(duration_days=90.0), description="incidents")


class Top(Section):
    """The keys at the top that hold one value."""

    version: Annotated[str, BeforeValidator(_version)] = Field("1.0", description='shape of the file: "1.0"')
    state_dir: str | None = Field(None, description="opsbot's own files; default: .opsbot beside this file")
    base_dir: str | None = Field(None, description="where relative paths begin; default: where it runs")
    builtin_rules: bool = Field(True, description="whether the built-in rules apply")


class File(Top):
    """The whole file; every section may be left out."""

    discord: Discord | None = Field(None, description="opsbot's own bot")
    targets: dict[TargetName, TargetSection] = Field(default_factory=dict, description="what is watched")
    thresholds: Thresholds = Field(default_factory=Thresholds, description="limits that rules name")
    rules: list[RuleSection] = Field(default_factory=list, description="conditions and what follows")
    notifications: dict[Word, dict[str, Any]] = Field(default_factory=dict, description="who else is told")
    schedules: Schedules = Field(default_factory=Schedules, description="how often")
    actions: Actions = Field(default_factory=Actions, description="what opsbot may do")
    retention: Retention = Field(default_factory=Retention, description="how long data is kept")
