"""A health report without a running opsbot: every check looks once. Imports little, because cron calls it."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from opsbot import redact, registry
from opsbot.checks.base import Check, CheckContext, Heard
from opsbot.clock import SystemClock
from opsbot.config.load import load
from opsbot.control.reports import health_answer
from opsbot.domain.health import HealthReport
from opsbot.domain.levels import Outcome
from opsbot.domain.process import ProcessId
from opsbot.domain.sample import Observation, Sample
from opsbot.domain.target import CheckSpec, Target
from opsbot.errors import SupervisorError, UsageError
from opsbot.logs.files import FileLogFeeds
from opsbot.runtime.report import sections_of

FIND_SECONDS = 5.0
"""Seconds in which systemd or Docker must say what runs."""

NOTE = "opsbot is not running: this is one look, without history"


def look_once(file: Path | None, name: str | None) -> Iterator[dict[str, Any]]:
    """The answer of `opsbot health`, as the running opsbot would give it.

    Raises:
        UsageError: no such target, or the configuration cannot be used.
    """
    settings = load(file, os.environ, watch_only=True)
    targets = [t for t in settings.targets if name in (None, t.name)]
    if not targets:
        known = ", ".join(t.name for t in settings.targets)
        raise UsageError(f"there is no target `{name}`: known are {known}.")
    with redact.hidden(secret.get_secret_value() for secret in settings.secrets):
        yield health_answer(asyncio.run(_reports(targets, settings.state_dir)))


async def _reports(targets: list[Target], state_dir: Path) -> list[HealthReport]:
    return list(await asyncio.gather(*(_report(target, state_dir) for target in targets)))


async def _report(target: Target, state_dir: Path) -> HealthReport:
    clock = SystemClock()
    feeds = FileLogFeeds(clock, one_shot=True)
    checks: dict[str, Check] = {}
    known = await supervised(target, clock)
    context = CheckContext(
        target.name,
        clock,
        lambda: known or process_of(checks),
        feeds,
        one_shot=True,
        heard=await asyncio.to_thread(_heard, target, state_dir, clock),
    )
    modules = {spec.name: registry.load("opsbot.checks", spec.kind) for spec in target.checks}
    # The check of the process finds it in its first step: those that ask for it begin after that.
    specs = sorted(target.checks, key=lambda spec: spec.kind != "process")
    checks |= {spec.name: modules[spec.name].build(spec.options, context) for spec in specs}
    try:
        seen = await asyncio.gather(*(_look(spec, checks[spec.name]) for spec in specs))
    finally:
        for check in checks.values():
            await check.close()
        await feeds.close()
    found = dict(zip((spec.name for spec in specs), seen, strict=True))
    samples = {s.name: Sample.of(target.name, s.name, clock.now(), found[s.name]) for s in target.checks}
    titles = {name: module.SECTION for name, module in modules.items()}
    return HealthReport(target.name, target.title, clock.now(), sections_of(titles, samples), notes=(NOTE,))


def _heard(target: Target, state_dir: Path, clock: SystemClock) -> Heard | None:
    """The heartbeats that opsbot heard while it ran."""
    if not any(spec.kind == "heartbeat" for spec in target.checks):
        return None
    from opsbot.runtime.beat_file import NAME
    from opsbot.runtime.beats import Beats

    return Beats.noted(state_dir / NAME, clock)


async def supervised(target: Target, clock: SystemClock) -> ProcessId | None:
    """The process of a target that systemd or Docker runs: only they know which it is."""
    if target.supervisor is None:
        return None
    from opsbot.supervisors.base import SupervisorContext

    module = registry.load("opsbot.supervisors", target.supervisor.kind)
    with tempfile.TemporaryDirectory(
        prefix="opsbot-"
    ) as nothing:  # a look leaves no trace in the state directory
        context = SupervisorContext(target.name, clock, Path(nothing))
        supervisor = module.build(target.supervisor.options, context)
        try:
            async with asyncio.timeout(FIND_SECONDS):
                running = (await supervisor.find()).running
        except (SupervisorError, TimeoutError):  # the check says that its process cannot be found
            return None
        finally:
            await supervisor.close()
    return running.process if running else None


def process_of(checks: dict[str, Check]) -> ProcessId | None:
    """The target's process, where a check has found it."""
    found = (getattr(check, "identity", None) for check in checks.values())
    return next((identity for identity in found if isinstance(identity, ProcessId)), None)


async def _look(spec: CheckSpec, check: Check) -> Observation:
    try:
        async with asyncio.timeout(spec.timeout):
            return await check.look()
    except TimeoutError:
        return Observation(Outcome.TIMEOUT, f"no answer within {spec.timeout:g} s")
    except Exception as broken:  # as in the scheduler: a broken check is one line of the report
        return Observation(Outcome.ERROR, f"the check broke: {type(broken).__name__}: {broken}")
