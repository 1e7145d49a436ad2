"""What a configuration comes to: one immutable `Settings`, with the domain's objects inside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opsbot.domain.access import AccessRules
from opsbot.domain.diagnostics import BundlePolicy
from opsbot.domain.levels import Priority
from opsbot.domain.maintenance import Window
from opsbot.domain.notice import Chain
from opsbot.domain.policy import IncidentPolicy
from opsbot.domain.series import Keep
from opsbot.domain.target import Target
from opsbot.runbooks.places import SHIPPED

if TYPE_CHECKING:
    from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class DiscordSettings:
    """opsbot's own bot. `token` is None when it is set nowhere: only `run` needs it. Ids are snowflakes.
    `mention_role_ids`: all that may be pinged. `threads`: incidents have some."""

    token: SecretStr | None
    guild_id: int
    channel_id: int
    mention_role_ids: tuple[int, ...] = ()
    threads: bool = True


@dataclass(frozen=True, slots=True)
class NotifierSpec:
    """One notifier that is on: `kind` names the module under `opsbot.notifiers`, `options` is its validated
    `Options` model (with `alert_levels` and `rate_limit_minutes`)."""

    name: str
    kind: str
    options: Any


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """One monitoring loop; `interval` in seconds."""

    interval: float
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class ScheduleSettings:
    """The monitoring loops."""

    health_check: LoopSettings
    performance_metrics: LoopSettings
    log_rotation: LoopSettings
    disk_space: LoopSettings


@dataclass(frozen=True, slots=True)
class ActionSettings:
    """What opsbot does beside restarts and rotations (those are in each target's policies).

    `disabled`: actions that are switched off; `commands`: custom commands by the action's name, each an argv.
    """

    disabled: frozenset[str] = frozenset()
    commands: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RetentionSettings:
    """How long data is kept (`logs` and `alerts` in seconds), and where exported and archived files go."""

    metrics: Keep
    logs: float
    alerts: float
    metrics_dir: Path
    logs_dir: Path
    alerts_dir: Path


@dataclass(frozen=True, slots=True)
class OutageSettings:
    """How opsbot tells its own outage, and Discord's, from a target's. `control`: `host:port` or URLs; an
    empty `lookup` or `status_url` is not asked; `interval` in seconds."""

    enabled: bool = False
    control: tuple[str, ...] = ()
    lookup: str = ""
    status_url: str = ""
    interval: float = 60.0


@dataclass(frozen=True, slots=True)
class WebSettings:
    """The endpoint for Prometheus. `listen`: `host:port` or `[address]:port`, None when there is none;
    `token`: what whoever asks must have."""

    listen: str | None = None
    token: SecretStr | None = None

    @property
    def host(self) -> str:
        """Where it listens."""
        return (self.listen or "").rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """On which port; 0 is the system's choice."""
        return int((self.listen or "").rpartition(":")[2] or 0)


@dataclass(frozen=True, slots=True)
class SwitchSettings:
    """The dead man's switch. `url`: what is pinged every `every` seconds, None: nothing; `fail`: also told
    when opsbot does not work."""

    url: SecretStr | None = None
    every: float = 60.0
    fail: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything opsbot was told.

    `file`: None when there was no file. `base_dir`: where relative paths begin. `access` and `discord` are
    None when there is no section `discord`. `notifiers`: only those that are on; the bot's own channel is
    the one named `ops_channel`; `silent`: the kinds of those that are off, by name. `secrets`: every
    secret value, for the redactor. `hidden_env`: variables that a target's environment must not have.
    `postmortems`: the least urgent priority that gets one; `reports`: when they are told, as the file has it.
    `notices`: one-line remarks for `check-config`. `runbooks`: folders, the later one's files first.
    `files`: those with secrets that the file names; `reload_by_itself`: all of them are watched for changes.
    `rehearsal`: this run is a dry run, whatever the file says.
    """

    file: Path | None
    state_dir: Path
    base_dir: Path
    targets: tuple[Target, ...]
    discord: DiscordSettings | None
    access: AccessRules | None
    notifiers: tuple[NotifierSpec, ...]
    schedules: ScheduleSettings
    actions: ActionSettings
    retention: RetentionSettings
    incidents: IncidentPolicy = field(default_factory=IncidentPolicy)
    outages: OutageSettings = OutageSettings()
    web: WebSettings = WebSettings()
    diagnostics: BundlePolicy = field(default_factory=BundlePolicy)
    dead_mans_switch: SwitchSettings = SwitchSettings()
    chain: Chain = field(default_factory=Chain)
    maintenance: tuple[Window, ...] = ()
    runbooks: tuple[Path, ...] = (SHIPPED,)
    postmortems: Priority | None = None
    reports: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[SecretStr, ...] = ()
    hidden_env: frozenset[str] = frozenset()
    notices: tuple[str, ...] = ()
    silent: Mapping[str, str] = field(default_factory=dict)
    files: tuple[Path, ...] = ()
    reload_by_itself: bool = True
    rehearsal: bool = False

    def rehearsed(self) -> Settings:
        """The same for a dry run."""
        return replace(self, rehearsal=True, incidents=replace(self.incidents, dry_run=True))

    def target(self, name: str) -> Target | None:
        """The target of that name."""
        return next((target for target in self.targets if target.name == name), None)
