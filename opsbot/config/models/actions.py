"""The section `actions`: what opsbot may do about a rule."""

from __future__ import annotations

from pydantic import Field

from opsbot.config.fields import Count, NotNegative, Seconds, Section


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
    """A close watch."""

    duration_seconds: Seconds = Field(300.0, description="for how long it looks every second; 0: not at all")


class Actions(Section):
    """What opsbot does about a rule. Other names are custom actions with a `command`."""

    restart: RestartAction = Field(RestartAction.model_construct(), description="restart the target")
    rotate_logs: RotateAction = Field(RotateAction.model_construct(), description="rotate its log")
    investigate: Action = Field(Action.model_construct(), description="collect diagnostics, ask a person")
    monitor: MonitorAction = Field(MonitorAction.model_construct(), description="look every second")
    check_api_key: Action = Field(Action.model_construct(), description="do its keys still work")
