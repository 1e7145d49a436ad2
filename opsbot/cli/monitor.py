"""`opsbot monitor`: the guide's performance monitor."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from opsbot.cli.csv_file import new_file
from opsbot.cli.sampler import Sampler
from opsbot.cli.signals import until_stopped
from opsbot.clock import SystemClock
from opsbot.config.load import load
from opsbot.config.peek import locate
from opsbot.domain.performance import FromZero, Performance
from opsbot.domain.target import Target
from opsbot.draw.performance import HEADER, csv_lines, file_name, row, statistics_text
from opsbot.errors import UsageError
from opsbot.runtime.recording import looks_of, record

PARTS = 10
"""Where there is no terminal, so many lines say how far it is."""

Step = Callable[[int], None]
Take = Callable[[Performance], None]


def monitor_command(
    config: Path | None,
    name: str | None,
    *,
    duration: float,
    interval: float,
    folder: Path | None,
    log_file: Path | None,
) -> int:
    """Records, and prints the statistics of what was collected, also when it is ended early; returns 0, or 1
    when there was nothing to collect.

    Raises:
        UsageError: no such target, no such duration, or the file cannot be written.
    """
    file = locate(os.environ, Path.cwd()) if config is None else config
    settings = load(file, os.environ, watch_only=True)
    target, count = _measured(_the_target(settings.targets, name)), looks_of(duration, interval)
    clock, looks = SystemClock(), list[Performance]()
    with new_file(folder or settings.retention.metrics_dir, file_name(clock.now().wall)) as out:
        print(f"Recording {target.title}: {count:,} samples to {out.name} (Ctrl-C keeps what there is)")
        out.write(csv_lines([HEADER]))
        out.flush()
        sampler = Sampler(target, settings.state_dir, log_file, clock)
        with _progress(count) as step:
            work = _record(sampler, clock, duration, interval, _into(out, looks, step))
            asyncio.run(until_stopped(work))
    print(f"\n{statistics_text(looks)}\n\n{len(looks):,} of {count:,} samples: {out.name}")
    return 0 if any(look.measured for look in looks) else 1


async def _record(
    sampler: Sampler,
    clock: SystemClock,
    duration: float,
    interval: float,
    take: Callable[[Performance], None],
) -> None:
    try:
        async for look in record(sampler.look, clock, duration, interval):
            take(look)
    finally:
        await sampler.close()


def _into(out: TextIO, looks: list[Performance], step: Step) -> Take:
    """Each line is in the file at once: what was collected outlives whatever ends this."""
    counts = FromZero()

    def take(look: Performance) -> None:
        looks.append(look)
        counted = counts.take(look)
        if counted.measured:
            out.write(csv_lines([row(counted)]))
            out.flush()
        step(len(looks))

    return take


def _the_target(targets: tuple[Target, ...], name: str | None) -> Target:
    known = ", ".join(target.name for target in targets)
    if name is None and len(targets) == 1:
        return targets[0]
    if name is None:
        raise UsageError(f"which target? Known are {known}.")
    found = next((target for target in targets if target.name == name), None)
    if found is None:
        raise UsageError(f"there is no target `{name}`: known are {known}.")
    return found


def _measured(target: Target) -> Target:
    """Raises UsageError before any file is made, if there is nothing that could be written to it."""
    if not any(spec.kind == "process" for spec in target.checks):
        raise UsageError(f"there is nothing to monitor of {target.name}: give it a check of type `process`.")
    return target


@contextmanager
def _progress(count: int) -> Iterator[Step]:
    """A bar on a terminal; elsewhere a line for each tenth."""
    if not sys.stdout.isatty():
        yield lambda done: _line(done, count)
        return
    if sys.modules.get("rich", sys) is None:  # kept from structlog, see `entry`
        del sys.modules["rich"]
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    with Progress(BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()) as bar:
        task = bar.add_task("", total=count)
        yield lambda done: bar.update(task, completed=done)


def _line(done: int, count: int) -> None:
    if done * PARTS // count > (done - 1) * PARTS // count or done == 1:
        print(f"{done:,} of {count:,} samples", flush=True)
