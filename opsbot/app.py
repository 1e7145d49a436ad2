"""The composition root: the only place (with the demo) that names concrete classes.

`opened` builds a runtime from settings, under the lock of the state directory; what it opens is closed in the
reverse order. `serve` is `opsbot run`: the runtime, the control socket and the bot. `answer_alone` is a
command without a running opsbot.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from opsbot import redact, registry
from opsbot.bot import LoneLine
from opsbot.checks.base import Check, CheckContext
from opsbot.clock import Clock, SystemClock
from opsbot.config.chain import audience
from opsbot.config.settings import NotifierSpec, Settings
from opsbot.control.server import VERBS, serving, user_name
from opsbot.domain.actor import Actor, ActorKind
from opsbot.domain.process import Running
from opsbot.domain.target import CheckSpec, Target
from opsbot.engine.state import State
from opsbot.errors import OpsbotError
from opsbot.logs.files import FileLogFeeds
from opsbot.notifiers._transport import PORT
from opsbot.notifiers.base import Notifier, NotifierContext
from opsbot.probes.base import Probe
from opsbot.outside import outside
from opsbot.rotation.base import RotationContext
from opsbot.rotation.logfile import LogRotator
from opsbot.runtime.core import Parts, Runtime
from opsbot.runtime.desk import Manners
from opsbot.runtime.remediator import Subject
from opsbot.runtime.restore import restore
from opsbot.runtime.rotations import KeptLog
from opsbot.session import Session
from opsbot.stores.base import Persisted, StateKeeper
from opsbot.stores.journal import Journal
from opsbot.stores.lock import StateLock
from opsbot.stores.resilient import ResilientState
from opsbot.stores.sqlite_metrics import SqliteMetrics
from opsbot.stores.sqlite_state import SqliteState
from opsbot.supervisors.base import Supervisor, SupervisorContext

DAY = 86_400.0

LOCK_PATIENCE = 2.0
"""Seconds that `run` waits for a command that holds the state directory for a moment."""

log = structlog.get_logger("opsbot.app")


@asynccontextmanager
async def opened(
    settings: Settings,
    clock: Clock,
    ports: Mapping[str, Any] | None = None,
    probes: Sequence[Probe] = (),
) -> AsyncIterator[Runtime]:
    """A runtime with all adapters, state loaded, not running yet. `probes`: of opsbot's own way to Discord.

    Raises:
        UsageError: the state directory is held or cannot be used, or an adapter cannot be built.
    """
    async with AsyncExitStack() as stack:
        stack.enter_context(redact.hidden(secret.get_secret_value() for secret in settings.secrets))
        stack.enter_context(StateLock.hold(settings.state_dir, patience=LOCK_PATIENCE))
        store = _state_store(settings.state_dir, clock)
        stack.push_async_callback(store.close)
        metrics = SqliteMetrics(settings.state_dir / "metrics.db", clock)
        stack.push_async_callback(metrics.close)
        notifiers = {spec.name: _notifier(spec, clock, ports or {}) for spec in settings.notifiers}
        state = _state(settings, await store.load())
        feeds = FileLogFeeds(clock)
        stack.push_async_callback(feeds.close)
        subjects = {t.name: _subject(t, settings, clock) for t in settings.targets if t.supervisor}

        def running(name: str) -> Running | None:
            return runtime.processes.running(name)

        logs = _logs(settings, subjects, feeds, clock, running)
        for name in logs.keys() & subjects.keys():
            subjects[name] = _with_log(subjects[name], logs[name])
        parts = Parts(
            state=state,
            store=store,
            metrics=metrics,
            clock=clock,
            subjects=subjects,
            notifiers=notifiers,
            manners={spec.name: _manners(spec) for spec in settings.notifiers},
            sections=_sections(settings.targets),
            kinds={spec.name: spec.kind for spec in settings.notifiers},
            off=settings.silent,
            logs=logs,
            keep_days=settings.retention.metrics / DAY,
            keeper=store,
            keep_incidents=settings.retention.alerts,
            probes=_probes(settings, probes),
            probe_interval=settings.outages.interval,
        )
        runtime = Runtime(parts)
        for target in settings.targets:
            for spec in target.checks:
                runtime.add_check(target.name, spec, _check(runtime, target.name, spec, feeds, clock))
        yield runtime


async def serve(
    settings: Settings,
    *,
    clock: Clock | None = None,
    started: asyncio.Event | None = None,
    session: Session | None = None,
) -> None:
    """Watches, alerts and repairs until cancelled. `started` is set when the runtime works; the bot logs in
    beside it, and whatever becomes of that, the rest goes on."""
    clock = clock or SystemClock()
    session = session or Session(settings, clock)
    async with (
        opened(settings, clock, session.ports, session.probes) as runtime,
        serving(runtime.ops, settings.state_dir),
        asyncio.TaskGroup() as group,
    ):
        log.info("watching", targets=[t.name for t in settings.targets], state=str(settings.state_dir))
        group.create_task(runtime.run(started), name="runtime")
        group.create_task(session.run(runtime), name="discord")


async def answer_alone(
    settings: Settings, request: dict[str, Any], show: Callable[[dict[str, Any]], None]
) -> None:
    """Answers one request of the command line while no opsbot runs: this process takes the lock, is opsbot
    for as long as it takes, and leaves the target running. `show` gets each line as it comes.

    Raises:
        StateLocked: one does run after all.
    """
    started = asyncio.Event()
    async with (
        aclosing(_lone_line(settings)) as discord,
        opened(settings, SystemClock(), {PORT: discord}) as runtime,
    ):
        running = asyncio.create_task(runtime.run_for_a_person(started))
        try:
            await started.wait()
            verb = VERBS[str(request["verb"])]
            async for line in verb(runtime.ops, request, _me()):
                show(line)
        except OpsbotError as refusal:
            show({"error": str(refusal), "exit": getattr(refusal, "exit_code", 1)})
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def _lone_line(settings: Settings) -> LoneLine:
    discord = settings.discord
    token = discord.token.get_secret_value() if discord and discord.token else None
    return LoneLine(token, frozenset(discord.mention_role_ids if discord else ()))


def _me() -> Actor:
    uid = os.getuid()
    return Actor(ActorKind.CLI, str(uid), user_name(uid))


def _state_store(directory: Path, clock: Clock) -> StateKeeper:
    journal = Journal(directory / "journal.jsonl")
    return ResilientState(SqliteState(directory / "state.db", clock), journal, clock)


def _state(settings: Settings, persisted: Persisted) -> State:
    audiences = {spec.name: audience(spec, settings.chain.reserve) for spec in settings.notifiers}
    state = State.of(settings.targets, audiences, settings.chain)
    restore(state, persisted)
    return state


def supervisor_of(settings: Settings, target: Target, clock: Clock) -> Supervisor:
    """The supervisor of a target that has one, with its private folder in the state directory."""
    assert target.supervisor is not None
    directory = settings.state_dir / "targets" / target.name
    for folder in (settings.state_dir, directory.parent, directory):  # `parents` would follow the umask
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    context = SupervisorContext(target.name, clock, directory, hidden_env=settings.hidden_env)
    built: Supervisor = _built("supervisors", target.supervisor.kind, target.supervisor.options, context)
    return built


async def stop_targets(settings: Settings, clock: Clock, grace: float = 2.0) -> None:
    """Ends every supervised target that runs. opsbot itself leaves them running when it ends; the demo, the
    tests and the benches must not."""
    for target in settings.targets:
        if target.supervisor is None:
            continue
        supervisor = supervisor_of(settings, target, clock)
        look = await supervisor.find()
        if look.running is not None:
            await supervisor.stop(look.running, grace)
        await supervisor.close()


def _subject(target: Target, settings: Settings, clock: Clock) -> Subject:
    ports = tuple(spec.options.port for spec in target.checks if spec.kind == "port")
    return Subject(supervisor_of(settings, target, clock), target.restart, ports)


def _logs(
    settings: Settings,
    subjects: Mapping[str, Subject],
    feeds: FileLogFeeds,
    clock: Clock,
    running: Callable[[str], Running | None],
) -> dict[str, KeptLog]:
    """What rotates each target's log. Its own supervisor's is renamed between two writes."""
    found = {}
    for target in settings.targets:
        if target.rotation is not None:
            spec = target.rotation.log
            subject = subjects.get(target.name)
            owned = subject is not None and subject.supervisor.own_log() == spec.path
            context = RotationContext(clock, partial(running, target.name), feeds)
            rotator = LogRotator(replace(spec, owned=owned), context)
            found[target.name] = KeptLog(target.rotation, rotator)
    return found


def _with_log(subject: Subject, kept: KeptLog) -> Subject:
    path = kept.policy.log.path
    return replace(subject, rotator=kept.rotator, log=None if subject.supervisor.own_log() == path else path)


def _notifier(spec: NotifierSpec, clock: Clock, ports: Mapping[str, Any]) -> Notifier:
    notifier: Notifier = _built(
        "notifiers", spec.kind, spec.options, NotifierContext(spec.name, clock, ports)
    )
    return notifier


def _probes(settings: Settings, own: Sequence[Probe]) -> tuple[Probe, ...]:
    given = settings.outages
    if not given.enabled:
        return ()
    return (*outside(given.control, given.lookup, given.status_url), *own)


def _manners(spec: NotifierSpec) -> Manners:
    return Manners(spec.options.max_per_minute, spec.options.rate_limit_minutes * 60)


def _check(runtime: Runtime, target: str, spec: CheckSpec, feeds: FileLogFeeds, clock: Clock) -> Check:
    context = CheckContext(
        target=target,
        clock=clock,
        process=lambda: runtime.processes.current(target),
        feeds=feeds,
        wake=lambda: runtime.scheduler.wake(target, spec.name),
    )
    check: Check = _built("checks", spec.kind, spec.options, context)
    return check


def _built(package: str, kind: str, options: Any, context: Any) -> Any:
    return registry.load(f"opsbot.{package}", kind).build(options, context)


def _sections(targets: tuple[Target, ...]) -> dict[tuple[str, str], str]:
    return {
        (target.name, spec.name): registry.load("opsbot.checks", spec.kind).SECTION
        for target in targets
        for spec in target.checks
    }
