"""From settings to adapters, and from adapters to a runtime. What did not change is taken from the pool."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from opsbot import registry
from opsbot.charts.process import ProcessPainter
from opsbot.checks.base import Check, CheckContext
from opsbot.clock import Clock
from opsbot.config.chain import audience
from opsbot.config.diff import identity
from opsbot.config.memory import report_times
from opsbot.config.settings import NotifierSpec, Settings, SwitchSettings
from opsbot.config.shown import shown
from opsbot.config.targets import HEARTBEAT
from opsbot.diagnostics.attachments import NAME as ATTACHMENTS
from opsbot.diagnostics.equipment import Equipment
from opsbot.domain.target import CheckSpec, SupervisorSpec, Target
from opsbot.engine.state import State
from opsbot.notifiers._transport import PORT
from opsbot.notifiers.base import Notifier, NotifierContext
from opsbot.outside import outside
from opsbot.probes.base import Probe
from opsbot.reloading.channel import OpsChannel
from opsbot.reloading.close_up import close_up_of
from opsbot.reloading.house import House
from opsbot.reloading.keys import TargetKeys
from opsbot.reloading.pinging import HttpPing
from opsbot.rotation.base import RotationContext
from opsbot.rotation.logfile import LogRotator
from opsbot.runbooks.kept import FOLDER
from opsbot.runtime.beats import digest
from opsbot.runtime.core import Runtime
from opsbot.runtime.deadman import Switch
from opsbot.runtime.desk import Manners
from opsbot.runtime.memory_parts import MemoryParts
from opsbot.runtime.parts import Parts
from opsbot.runtime.remediator import Subject
from opsbot.runtime.rotations import KeptLog
from opsbot.stores.attachments import Attachments
from opsbot.stores.folders import Folders, service_digest
from opsbot.supervisors import _earlier
from opsbot.supervisors.base import Supervisor, SupervisorContext


@dataclass(frozen=True, slots=True)
class Adapters:
    """Everything that is built for one runtime. `checks`: with their targets."""

    subjects: Mapping[str, Subject]
    notifiers: Mapping[str, Notifier]
    logs: Mapping[str, KeptLog]
    checks: tuple[tuple[str, CheckSpec, Check], ...]


def empty_state(settings: Settings) -> State:
    """Nothing is known yet under these settings."""
    audiences = {spec.name: audience(spec, settings.chain.reserve) for spec in settings.notifiers}
    state = State.of(settings.targets, audiences, settings.chain)
    state.policy, state.windows = settings.incidents, settings.maintenance
    return state


def adapters_of(house: House, settings: Settings, before: Mapping[str, str] | None = None) -> Adapters:
    """`before`: names that targets had until now; their folders are still under those.

    Raises:
        UsageError: an adapter cannot be built.
    """
    was = before or {}
    subjects = {
        t.name: _subject(house, t, settings, was.get(t.name, t.name))
        for t in settings.targets
        if t.supervisor
    }
    logs = {t.name: log for t in settings.targets if (log := _log(house, t, subjects.get(t.name)))}
    for name in logs.keys() & subjects.keys():
        subjects[name] = _with_log(subjects[name], logs[name])
    checks = tuple(
        (target.name, spec, _check(house, target.name, spec))
        for target in settings.targets
        for spec in target.checks
    )
    notifiers = {spec.name: _notifier(house, spec) for spec in settings.notifiers}
    return Adapters(subjects, notifiers, logs, checks)


def runtime_of(house: House, settings: Settings, adapters: Adapters, state: State) -> Runtime:
    """A runtime, not running yet."""
    parts = Parts(
        state=state,
        store=house.store,
        metrics=house.metrics,
        clock=house.clock,
        subjects=adapters.subjects,
        notifiers=adapters.notifiers,
        manners={spec.name: _manners(spec) for spec in settings.notifiers},
        sections=_sections(settings.targets),
        kinds={spec.name: spec.kind for spec in settings.notifiers},
        off=settings.silent,
        logs=adapters.logs,
        keep=settings.retention.metrics,
        keeper=house.store,
        keep_incidents=settings.retention.alerts,
        probes=_probes(settings, house.probes(settings)),
        probe_interval=settings.outages.interval,
        equipment=_equipment(settings),
        runbooks=settings.runbooks,
        walks=settings.state_dir / FOLDER,
        beats=house.beats,
        memory=_memory(house, settings),
        switch=_switch(house, settings.dead_mans_switch),
        close_up=close_up_of(house, settings.targets),
        keys=TargetKeys(house.clock, settings.hidden_env),
    )
    house.beats.follow(_listened_for(house, settings.targets))
    runtime = Runtime(parts)
    for target, spec, check in adapters.checks:
        runtime.add_check(target, spec, check)
    for name in adapters.subjects:
        if earlier := _earlier.read(house.folders.of(name), house.clock.boot_id):
            runtime.processes.stale[name] = (earlier.process, earlier.text)
    return runtime


def _equipment(settings: Settings) -> Equipment:
    """What bundles of diagnostics are made with."""
    return Equipment(
        settings.state_dir / ATTACHMENTS,
        settings.diagnostics,
        partial(shown, settings.file),
        ProcessPainter(settings.state_dir / "charts"),
    )


def supervisor_of(settings: Settings, target: Target, clock: Clock) -> Supervisor:
    """The supervisor of a target that has one, with its private folder in the state directory."""
    assert target.supervisor is not None
    folder = Folders(settings.state_dir).claim(target.name, digest_of(target.supervisor))
    return _supervisor(settings, target.name, target.supervisor, clock, folder)


def digest_of(supervisor: SupervisorSpec | None) -> str:
    """What a target's folder has on record of its service."""
    return service_digest(identity(supervisor))


def _supervisor(
    settings: Settings, name: str, spec: SupervisorSpec, clock: Clock, folder: Path
) -> Supervisor:
    context = SupervisorContext(name, clock, folder, hidden_env=settings.hidden_env)
    built: Supervisor = _built("supervisors", spec.kind, spec.options, context)
    earlier = _earlier.read(folder, clock.boot_id)
    return _earlier.Careful(built, folder, clock.boot_id) if earlier and earlier.apart else built


def _subject(house: House, target: Target, settings: Settings, was: str) -> Subject:
    spec = target.supervisor
    assert spec is not None
    if was == target.name:
        folder = house.folders.claim(target.name, digest_of(spec))
    else:
        folder = house.folders.of(was)
    ports = tuple(spec.options.port for spec in target.checks if spec.kind == "port")
    supervisor = house.pool.get(
        ("supervisor", target.name),
        (spec, settings.hidden_env, folder),
        lambda: _supervisor(settings, target.name, spec, house.clock, folder),
    )
    return Subject(supervisor, target.restart, ports)


def _log(house: House, target: Target, subject: Subject | None) -> KeptLog | None:
    """What rotates a target's log. Its own supervisor's is renamed between two writes."""
    if target.rotation is None:
        return None
    owned = subject is not None and subject.supervisor.own_log() == target.rotation.log.path
    spec = replace(target.rotation.log, owned=owned)
    context = RotationContext(house.clock, lambda: house.runtime.processes.running(target.name), house.feeds)
    rotator = house.pool.get(("rotator", target.name), spec, lambda: LogRotator(spec, context))
    return KeptLog(target.rotation, rotator)


def _with_log(subject: Subject, kept: KeptLog) -> Subject:
    path = kept.policy.log.path
    return replace(subject, rotator=kept.rotator, log=None if subject.supervisor.own_log() == path else path)


def _notifier(house: House, spec: NotifierSpec) -> Notifier:
    folder = Attachments(house.state_dir).folder
    context = NotifierContext(spec.name, house.clock, house.ports, folder, house.store.timeline)

    def make() -> Notifier:
        notifier: Notifier = _built("notifiers", spec.kind, spec.options, context)
        return notifier

    return house.pool.get(("notifier", spec.name), spec, make)


def _memory(house: House, settings: Settings) -> MemoryParts:
    """Where postmortems go, and reports."""
    discord, transport = settings.discord, house.ports.get(PORT)
    told = OpsChannel(transport, discord.channel_id) if discord and transport else None
    return MemoryParts(
        settings.postmortems,
        Attachments(house.state_dir),
        report_times(settings.reports),
        told,
        ProcessPainter(house.state_dir / "charts"),
        told,
    )


def _probes(settings: Settings, own: Sequence[Probe]) -> tuple[Probe, ...]:
    given = settings.outages
    if not given.enabled:
        return ()
    return (*outside(given.control, given.lookup, given.status_url), *own)


def _switch(house: House, given: SwitchSettings) -> Switch | None:
    if given.url is None:
        return None
    url = given.url.get_secret_value()
    return Switch(
        house.pool.get(("switch",), url, lambda: HttpPing(url, house.clock)), given.every, given.fail
    )


def _manners(spec: NotifierSpec) -> Manners:
    return Manners(spec.options.max_per_minute, spec.options.rate_limit_minutes * 60)


def _check(house: House, target: str, spec: CheckSpec) -> Check:
    context = CheckContext(
        target=target,
        clock=house.clock,
        process=lambda: house.runtime.processes.current(target),
        feeds=house.feeds,
        wake=_wake(house, target, spec.name),
        heard=house.beats,
    )

    def make() -> Check:
        check: Check = _built("checks", spec.kind, spec.options, context)
        return check

    return house.pool.get(("check", target, spec.name), (spec.kind, spec.options), make)


def _wake(house: House, target: str, check: str) -> Callable[[], None]:
    return lambda: house.runtime.scheduler.wake(target, check)


def _listened_for(house: House, targets: Sequence[Target]) -> dict[str, Callable[[], None]]:
    """Each heartbeat by what its secret is known by, and the look that it asks for."""
    return {
        digest(spec.options.secret.get_secret_value()): _wake(house, target.name, spec.name)
        for target in targets
        for spec in target.checks
        if spec.kind == HEARTBEAT
    }


def _built(package: str, kind: str, options: Any, context: Any) -> Any:
    return registry.load(f"opsbot.{package}", kind).build(options, context)


def _sections(targets: tuple[Target, ...]) -> dict[tuple[str, str], str]:
    return {
        (target.name, spec.name): registry.load("opsbot.checks", spec.kind).SECTION
        for target in targets
        for spec in target.checks
    }
