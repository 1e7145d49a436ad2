"""One look of the performance monitor: asked of the running opsbot, or done here where none runs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from opsbot import registry
from opsbot.checks.base import Check, CheckContext
from opsbot.cli.look import process_of, supervised
from opsbot.clock import SystemClock
from opsbot.control.client import ask, running
from opsbot.domain.performance import MONITORED, Performance, performance_of
from opsbot.domain.process import ProcessId
from opsbot.domain.target import CheckSpec, Target
from opsbot.errors import UsageError
from opsbot.logs.files import FileLogFeeds

WARM_UP = 0.3
"""Seconds over which the first sample measures the processor."""


class Sampler:
    """`log_file`: instead of the configured log; then opsbot's own numbers are not asked for. `close` it."""

    def __init__(self, target: Target, state_dir: Path, log_file: Path | None, clock: SystemClock) -> None:
        self._target, self._state_dir, self._clock = target, state_dir, clock
        self._log_file = log_file
        self._feeds = FileLogFeeds(clock)
        self._checks: dict[str, Check] = {}
        self._specs: list[CheckSpec] = []
        self._known: ProcessId | None = None

    async def look(self) -> Performance:
        """Looks, or asks.

        Raises:
            UsageError: the running opsbot refused.
        """
        if self._log_file is None:
            asked = await asyncio.to_thread(self._asked)
            if asked is not None:
                return asked
        if not self._checks:
            await self._begin()
        return await self._looked()

    async def close(self) -> None:
        """Closes the checks."""
        for check in self._checks.values():
            await check.close()
        await self._feeds.close()

    def _asked(self) -> Performance | None:
        """The running opsbot's answer; None when none runs, or it ends just now."""
        link = running(self._state_dir)
        if link is None:
            return None
        for line in ask(link, {"verb": "performance", "target": self._target.name}):
            if "error" in line:
                if running_now := running(self._state_dir):
                    running_now.close()
                    raise UsageError(str(line["error"]))
                return None
            data: dict[str, Any] = line["data"]
            data.pop("target", None)
            return Performance(**data)
        return None

    async def _begin(self) -> None:
        specs = [_of_log(spec, self._log_file) for spec in self._target.checks if spec.kind in MONITORED]
        self._specs = sorted(specs, key=lambda spec: spec.kind != "process")
        self._known = await supervised(self._target, self._clock)
        context = CheckContext(
            self._target.name, self._clock, lambda: self._known or process_of(self._checks), self._feeds
        )
        for spec in self._specs:
            module = registry.load("opsbot.checks", spec.kind)
            self._checks[spec.name] = module.build(spec.options, context)
        await self._looked()
        await self._clock.sleep(WARM_UP)

    async def _looked(self) -> Performance:
        values: dict[str, float] = {}
        for spec in self._specs:
            try:
                async with asyncio.timeout(spec.timeout):
                    values |= (await self._checks[spec.name].look()).metrics
            except Exception:  # noqa: S112 - what cannot be seen now is missing in this sample alone
                continue
        return performance_of(self._clock.now().wall, values)


def _of_log(spec: CheckSpec, log_file: Path | None) -> CheckSpec:
    if log_file is None or spec.kind == "process":
        return spec
    options = spec.options.model_copy(update={"path": log_file.absolute()})
    return CheckSpec(spec.name, spec.kind, spec.interval, spec.timeout, options)
