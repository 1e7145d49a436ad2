"""Processes that the tests start and kill: `python -m tests.stores.children NAME ARGUMENT…`."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import sys
from pathlib import Path

from opsbot.clock import SystemClock
from opsbot.domain.change import Change
from opsbot.domain.levels import Outcome
from opsbot.domain.moment import Moment
from opsbot.domain.sample import Sample
from opsbot.errors import UsageError
from opsbot.stores import _metrics_pack, _metrics_write
from opsbot.stores._migrations import migrate, read_folder, shipped
from opsbot.stores.journal import Journal
from opsbot.stores.lock import StateLock
from opsbot.stores.resilient import ResilientState
from opsbot.stores.sqlite_state import SqliteState
from tests.stores import examples as ex

PACKED_FROM = 1_767_571_200.0


def say(word: object) -> None:
    print(word, flush=True)  # noqa: T201


def wait() -> None:
    """Until the test writes a line or goes away."""
    sys.stdin.readline()


async def commits(path: str) -> None:
    """Commits numbered batches for ever, and says each number when it is written."""
    store, clock = SqliteState(Path(path), SystemClock()), SystemClock()
    number = (await store.load()).next_incident
    while True:
        now = clock.now()
        batch: list[Change] = [
            ex.incident(number, now),
            ex.said(number, now),
            ex.action(number, now),
            ex.act(now),
        ]
        await store.commit([*batch, ex.notice(number, now, number)])
        say(number)
        number += 1


def migrates(path: str, folder: str) -> None:
    """Migrates; says so whenever the SQL calls `midway()`, and waits there."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.create_function("midway", 1, _midway)
    migrate(connection, read_folder(Path(folder)), path)


def migrates_by_statement(path: str, name: str, number: str) -> None:
    """Runs the shipped migrations, and stops for ever before the statement of that number (from 0)."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL").fetchone()
    left = int(number)

    def before(statement: str) -> None:
        nonlocal left
        if not left:
            say(statement.split()[0])
            wait()
        left -= 1

    connection.set_trace_callback(before)
    migrate(connection, shipped(name), path)
    say("done")


def _midway(step: int) -> int:
    say(step)
    wait()
    return step


def packs_and_dies(folder: str) -> None:
    """Packs two hours of metrics again and again, each time in a process of its own that is killed before one
    more statement; says each file's name, and `done` when one was not killed."""
    seen, killed, alive = Path(folder, "seen.db"), 0, False
    _sees(str(seen))
    while not alive:
        path = Path(folder, f"{killed}.db")
        shutil.copyfile(seen, path)
        child = os.fork()
        if not child:
            _packs(str(path), killed)
            os._exit(0)
        alive = os.waitpid(child, 0)[1] == 0
        say(path.name)
        killed += 1
    say("done")


def _sees(path: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL").fetchone()
    migrate(connection, shipped("metrics"), path)
    for n in range(50):
        at = PACKED_FROM + 120.0 * n
        values = {"threads": float(n), "log_lines_total": float(n)}
        _metrics_write.append(connection, [Sample("bot", "c", Moment(at, at), Outcome.OK, metrics=values)])
    connection.close()


def _packs(path: str, left: int) -> None:
    connection = sqlite3.connect(path, isolation_level=None)

    def before(_statement: str) -> None:
        nonlocal left
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1

    connection.set_trace_callback(before)
    while _metrics_pack.pack(connection, round((PACKED_FROM + 3 * 3600) * 1000)):
        pass


def locks_file(path: str) -> None:
    """Holds the write lock of a database."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    say("locked")
    wait()
    connection.execute("ROLLBACK")
    say("unlocked")
    wait()


def holds(directory: str) -> None:
    """Holds a state directory, or ends as opsbot does when another one holds it."""
    try:
        with StateLock.hold(Path(directory)):
            say("held")
            wait()
    except UsageError as error:
        say(error)
        sys.exit(error.exit_code)


async def fills(folder: str) -> None:
    """On a file system without room: goes on, and writes everything once there is room again."""
    clock, filler = SystemClock(), Path(folder, "filler")
    store = SqliteState(Path(folder, "state.db"), clock)
    state = ResilientState(store, Journal(Path(folder, "journal.jsonl")), clock)
    await state.commit([ex.incident(1, clock.now())])
    _fill(filler)
    for number in range(2, 40):
        await state.commit([ex.incident(number, clock.now()), *[ex.said(number, clock.now())] * 20])
    assert state.degraded is not None
    say(state.degraded.reason)
    say(state.degraded.journal)
    filler.unlink()
    say(await state.recover())
    say((await store.load()).next_incident)
    say(sorted({len(await store.timeline(number)) for number in range(2, 40)}))
    await state.close()


def _fill(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(descriptor, b"x" * 1024)
    except OSError:
        os.close(descriptor)


async def reads_only(folder: str) -> None:
    """On a file system that is read-only for a while."""
    clock, path = SystemClock(), Path(folder, "state.db")
    store = SqliteState(path, clock)
    await store.commit([ex.incident(1, clock.now())])
    await store.close()
    await _mount("-o", "remount,ro", folder)
    say((await store.load()).next_incident)
    state = ResilientState(store, None, clock)
    await state.commit([ex.incident(2, clock.now())])
    assert state.degraded is not None
    say(state.degraded.reason)
    await _mount("-o", "remount,rw", folder)
    say(await state.recover())
    say((await store.load()).next_incident)
    await state.close()


async def _mount(*arguments: str) -> None:
    process = await asyncio.create_subprocess_exec("mount", *arguments)
    assert await process.wait() == 0


if __name__ == "__main__":
    ended = globals()[sys.argv[1]](*sys.argv[2:])
    if asyncio.iscoroutine(ended):
        asyncio.run(ended)
