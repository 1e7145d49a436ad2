"""What the composition root gives a runtime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from opsbot.clock import Clock
from opsbot.diagnostics.equipment import Equipment
from opsbot.domain.series import Keep
from opsbot.engine.state import State
from opsbot.notifiers.base import Notifier
from opsbot.probes.base import Probe
from opsbot.runbooks.places import SHIPPED
from opsbot.runtime.beats import Beats
from opsbot.runtime.close_watch import CloseUp
from opsbot.runtime.deadman import Switch
from opsbot.runtime.desk import Manners
from opsbot.runtime.key_check import Keys
from opsbot.runtime.memory_parts import MemoryParts
from opsbot.runtime.remediator import Subject
from opsbot.runtime.rotations import KeptLog
from opsbot.stores.base import MetricsStore, StateKeeper, StateStore


@dataclass(frozen=True, slots=True)
class Parts:
    """What the composition root gives: every adapter, already built. `sections`: (target, check) → title;
    `kinds`: each notifier's kind; `off`: notifiers that are switched off, with theirs; `logs`: each target's
    that has one. `probes`: of what opsbot itself reaches, asked every `probe_interval` seconds; without any,
    whatever fails is the target's own fault. `beats`: heartbeats that are heard; `switch`: what is pinged.
    `runbooks`: folders with them; `walks`: folder of walks through them, None: those end with opsbot.
    `equipment`: for bundles of diagnostics. `close_up`: what watches a target more closely; `keys`: who asks
    whether a key is accepted.
    `memory`: what postmortems and reports need.
    `keep`: of metrics; `keep_incidents`: seconds; `keeper`: the store, if it can say that it is
    degraded."""

    state: State
    store: StateStore
    metrics: MetricsStore
    clock: Clock
    subjects: Mapping[str, Subject]
    notifiers: Mapping[str, Notifier]
    sections: Mapping[tuple[str, str], str]
    kinds: Mapping[str, str] = field(default_factory=dict)
    off: Mapping[str, str] = field(default_factory=dict)
    manners: Mapping[str, Manners] = field(default_factory=dict)
    logs: Mapping[str, KeptLog] = field(default_factory=dict)
    keep: Keep = field(default_factory=Keep)
    keeper: StateKeeper | None = None
    memory: MemoryParts = field(default_factory=MemoryParts)
    keep_incidents: float = 90 * 86_400.0
    probes: Sequence[Probe] = ()
    probe_interval: float = 60.0
    beats: Beats | None = None
    switch: Switch | None = None
    runbooks: Sequence[Path] = (SHIPPED,)
    walks: Path | None = None
    equipment: Equipment = field(default_factory=Equipment)
    close_up: CloseUp | None = None
    keys: Keys | None = None
