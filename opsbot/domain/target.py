"""A watched service, as configured and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from opsbot.domain.credential import Credential
from opsbot.domain.diagnostics import Investigation
from opsbot.domain.rotation import RotationPolicy
from opsbot.domain.rule import RestartPolicy, Rule


@dataclass(frozen=True, slots=True)
class CheckSpec:
    """One check of a target: `kind` names the module under `opsbot.checks`, `options` is its validated
    `Options` model. `interval` and `timeout` in seconds."""

    name: str
    kind: str
    interval: float
    timeout: float
    options: Any


@dataclass(frozen=True, slots=True)
class SupervisorSpec:
    """How a target is started and stopped: `kind` under `opsbot.supervisors`, its validated options."""

    kind: str
    options: Any


@dataclass(frozen=True, slots=True)
class Target:
    """A watched service. `depends_on`: targets without which it cannot work: while one of those is down, it
    is not restarted by itself. `networked`: it lives on the network, so that without opsbot's own connection
    nothing can be told of it but what this machine knows. `investigation`: None where opsbot collects nothing
    by itself; `close_watch`: seconds for which a rule can have it watched more closely, 0: not at all;
    `credentials`: its keys that a rule can have checked."""

    name: str
    title: str
    checks: tuple[CheckSpec, ...]
    rules: tuple[Rule, ...]
    supervisor: SupervisorSpec | None = None
    restart: RestartPolicy = field(default_factory=RestartPolicy)
    labels: Mapping[str, str] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    rotation: RotationPolicy | None = None
    investigation: Investigation | None = None
    networked: bool = False
    close_watch: float = 0.0
    credentials: tuple[Credential, ...] = ()
