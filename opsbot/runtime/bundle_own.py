"""How opsbot itself is, as text for a bundle."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib import metadata

import psutil

from opsbot import __version__
from opsbot.draw.incident import utc_text
from opsbot.runtime.ops import Ops
from opsbot.runtime.tally import Tally
from opsbot.text import bytes_text, one_line, seconds_text

LIBRARIES = ("discord.py", "aiohttp", "psutil", "pydantic", "aiosqlite", "google-re2", "matplotlib", "py-spy")
_TEXT = 300


def own_text(ops: Ops, tally: Tally, versions: Iterable[str]) -> str:
    """Versions (of `versions_here`), the process, loops, outbox, counters and remarks."""
    sections = [
        ("Versions", versions),
        ("Process", _process(ops)),
        ("Monitoring loops", _loops(ops)),
        ("Loops of the runtime that are late", _late(ops)),
        ("Targets", _targets(ops)),
        ("Outbox: notices that wait", _outbox(ops)),
        ("Counted since it began", _counted(tally)),
        ("Remarks", _remarks(ops)),
    ]
    return "\n\n".join(
        "\n".join([f"# {title}", "", *(list(lines) or ["(none)"])]) for title, lines in sections
    )


def versions_here() -> list[str]:
    """What it is made of; reads files."""
    return list(_versions())


def _versions() -> Iterator[str]:
    yield f"opsbot {__version__}"
    yield f"Python {platform.python_version()} on {platform.platform()}"
    for name in LIBRARIES:
        try:
            yield f"{name} {metadata.version(name)}"
        except metadata.PackageNotFoundError:
            yield f"{name} is not installed"


def _process(ops: Ops) -> Iterator[str]:
    process = psutil.Process()
    with process.oneshot():
        yield f"pid {process.pid}, began {utc_text(process.create_time())}"
        yield f"memory (RSS) {bytes_text(process.memory_info().rss)}"
        yield f"processor time {seconds_text(sum(process.cpu_times()[:2]))}"
        yield f"threads {process.num_threads()}, open files {process.num_fds()}"
    yield f"the event loop was late by at most {seconds_text(ops.heart.lag)} of late"


def _loops(ops: Ops) -> Iterator[str]:
    for loop in ops.loops():
        last = utc_text(loop.last.wall) if loop.last else "never"
        state = "runs" if loop.running else "paused"
        counts = f"{loop.runs} runs, {loop.errors} broke"
        yield f"{loop.name}: {state}, every {loop.interval:g} s, last {last}, {counts}"


def _late(ops: Ops) -> Iterator[str]:
    for name, seconds in ops.heart.pulse.late(ops.clock.now().mono).items():
        yield f"{name}: {seconds_text(seconds)}"


def _targets(ops: Ops) -> Iterator[str]:
    for info in ops.targets():
        running = {True: "runs", False: "does not run", None: "is only watched"}[info.running]
        incident = f", incident #{info.incident}" if info.incident else ""
        yield f"{info.name} {running}{', paused' if info.pause else ''}{incident}"


def _outbox(ops: Ops) -> Iterator[str]:
    state = ops.pipeline.state
    waiting = Counter(notice.notifier for notice in state.notices.values())
    for name in state.notifiers:
        stuck = ", does not deliver" if name in state.stuck else ""
        yield f"{name}: {waiting[name]} wait{stuck}"


def _counted(tally: Tally) -> Iterator[str]:
    for (target, origin), count in sorted(tally.restarts.items()):
        yield f"restarts of {target} by {origin}: {count}"
    for priority, count in sorted(tally.opened.items(), key=lambda item: item[0].rank):
        yield f"incidents opened as {priority.value}: {count}"
    for word, counts in (("delivered", tally.delivered), ("failed", tally.failed), ("given up", tally.dead)):
        yield from (f"messages {word} by {name}: {count}" for name, count in sorted(counts.items()))


def _remarks(ops: Ops) -> Iterator[str]:
    state = ops.pipeline.state
    if state.degraded_since is not None:
        yield f"its state cannot be written since {utc_text(state.degraded_since.wall)}"
    for remark in (*ops.heart.remarks(), *ops.history.remarks, *ops.remarks()):
        yield one_line(remark, _TEXT)
    for action in state.actions.values():
        yield f"{action.kind.value} of {action.target} is in progress, since {utc_text(action.asked.wall)}"
