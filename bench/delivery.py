"""From a committed alert to the request on the wire; how fast the outbox empties."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

from aiohttp import web

from bench.discord import Discord
from bench.stats import Row, percentile
from bench.storm import hail
from opsbot.clock import SystemClock
from opsbot.domain.change import Change
from opsbot.domain.incident import Incident
from opsbot.domain.levels import IncidentState, Priority, Severity
from opsbot.domain.notice import Audience, Notice, NoticeKind
from opsbot.engine.state import State
from opsbot.notifiers import webhook
from opsbot.notifiers.base import NotifierContext
from opsbot.runtime.desk import Manners
from opsbot.runtime.outbox import Outbox
from opsbot.runtime.pipeline import Pipeline
from opsbot.runtime.restore import restore
from opsbot.stores.sqlite_state import SqliteState

QUEUED = 10_000
MS = 1000.0


@dataclass(frozen=True, slots=True)
class Emptied:
    """`seconds` until nothing waited; `requests` that the receiver got."""

    seconds: float
    requests: int


def on_the_wire(discord: Discord, folder: Path) -> list[float]:
    """Seconds from each commit to its request, at the simulated Discord."""
    seen = hail(discord, folder, "wire")
    channel = f"/channels/{discord.facts['channels']['ops']}/messages"
    posts = []
    while not discord.requests.empty():
        request = discord.requests.get()
        if request["method"] == "POST" and request["path"].endswith(channel):
            posts.append(request["at"])
    return [min(at for at in posts if at >= committed) - committed for committed in seen["committed"]]


def empty(folder: Path, incidents: int) -> Emptied:
    """10,000 rows over so many incidents wait in state.db at the start; a receiver takes what it gets."""
    with _receiver() as (port, counted):
        seconds = asyncio.run(_empty(folder / f"{incidents}.db", port, incidents))
        counted.send(None)
        return Emptied(seconds, counted.recv())


async def _empty(path: Path, port: int, incidents: int) -> float:
    clock = SystemClock()
    await _fill(path, incidents)
    store = SqliteState(path, clock)
    options = webhook.Options.model_validate({"url": f"http://127.0.0.1:{port}/"})
    notifier = webhook.build(options, NotifierContext("hook", clock))
    began = time.monotonic()
    state = State.of([], {"hook": Audience()})
    restore(state, await store.load())
    pipeline = Pipeline(state, store, clock)
    outbox = Outbox(state, store, {"hook": notifier}, clock, pipeline.ask, {"hook": Manners(0.0)})
    working = [asyncio.create_task(part.run()) for part in (pipeline, outbox)]
    while state.notices:
        await asyncio.sleep(0.01)
        if any(task.done() for task in working):
            raise SystemExit("the outbox ended")
    took = time.monotonic() - began
    for task in working:
        task.cancel()
    await asyncio.gather(*working, return_exceptions=True)
    await notifier.close()
    await store.close()
    return took


async def _fill(path: Path, incidents: int) -> None:
    clock = SystemClock()
    store = SqliteState(path, clock)
    now = clock.now()
    incident = Incident(1, "bot", "down", IncidentState.RESOLVED, Priority.P1, Severity.CRITICAL, now)
    changes: list[Change] = [replace(incident, id=n, resolved_at=now) for n in range(1, incidents + 1)]
    opened = NoticeKind.OPENED
    changes += [Notice(n + 1, "hook", 1 + n % incidents, opened, now, now) for n in range(QUEUED)]
    await store.commit(changes)
    await store.close()


@contextmanager
def _receiver() -> Iterator[tuple[int, Connection]]:
    """A web server in a process of its own that takes everything and counts it."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_receive, args=(theirs,))
    process.start()
    try:
        yield ours.recv(), ours
    finally:
        process.join(10)


def _receive(pipe: Connection) -> None:
    asyncio.run(_serve(pipe))


async def _serve(pipe: Connection) -> None:
    count = 0

    async def take(request: web.Request) -> web.Response:
        nonlocal count
        await request.read()
        count += 1
        return web.Response()

    application = web.Application()
    application.router.add_route("*", "/", take)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    pipe.send(runner.addresses[0][1])
    await asyncio.to_thread(pipe.recv)
    pipe.send(count)
    await runner.cleanup()


def rows(discord: Discord, folder: Path) -> list[Row]:
    """Rows of the table."""
    waits = [MS * seconds for seconds in on_the_wire(discord, folder)]
    half, most = percentile(waits, 0.5), percentile(waits, 0.95)
    each, few = empty(folder, QUEUED), empty(folder, 200)
    return [
        Row(
            "alert committed → request at Discord",
            f"p50 {half:.1f} ms, p95 {most:.1f} ms of {len(waits)}",
            "p95 ≤ 20 ms",
            most <= 20,
        ),
        Row(
            f"{QUEUED:,} notices of as many incidents wait at the start; all are told by webhook",
            f"{each.seconds:.1f} s, {QUEUED / each.seconds:.0f} a second, {each.requests:,} requests",
            f"{QUEUED:,} requests",
            each.requests == QUEUED,
        ),
        Row(
            f"{QUEUED:,} notices of 200 incidents wait at the start",
            f"{few.seconds:.1f} s, {few.requests} requests",
            "200 requests",
            few.requests == 200,
        ),
    ]
