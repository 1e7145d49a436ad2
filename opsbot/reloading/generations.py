"""One runtime after another in one house, each under other settings: the lock, the files, Discord's login and
whatever did not change go on.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import structlog

from opsbot.config.consequences import parting, stale
from opsbot.config.diff import Diff, identity
from opsbot.config.settings import Settings
from opsbot.domain.process import Running
from opsbot.domain.target import SupervisorSpec
from opsbot.engine.renaming import renamed
from opsbot.engine.resuming import resume
from opsbot.engine.state import State
from opsbot.errors import StoreUnavailable
from opsbot.reloading.assembly import Adapters, adapters_of, digest_of, empty_state, runtime_of
from opsbot.reloading.house import House
from opsbot.runbooks.kept import FOLDER as WALKS
from opsbot.runbooks.kept import KeptWalks
from opsbot.runtime.core import Runtime
from opsbot.runtime.relay import Relay
from opsbot.runtime.restore import restore
from opsbot.runtime.succession import decisions, succeed
from opsbot.runtime.waiting import put_away
from opsbot.supervisors import _earlier
from opsbot.supervisors._earlier import Earlier

PATIENCE = 60.0
"""Seconds that new settings wait for restarts and rotations under way; then they are cut off, and taken up
again at once."""

log = structlog.get_logger("opsbot.reload")


async def first(house: House, settings: Settings) -> Runtime:
    """The runtime of a start: with what is stored, also of targets that have another name since."""
    state = empty_state(settings)
    stored = await house.store.load()
    names = house.folders.renames({t.name: digest_of(t.supervisor) for t in settings.targets})
    if names:
        before = empty_state(settings)
        restore(before, stored)
        await _rename(house, before, names)
        looks = [replace(look, target=names.get(look.target, look.target)) for look in stored.looks]
        stored = replace(decisions(before), looks=looks)
    restore(state, stored)
    runtime = runtime_of(house, settings, adapters_of(house, settings), state)
    house.folders.settle([t.name for t in settings.targets])
    await house.pool.turn()
    house.runtime = runtime
    return runtime


async def _rename(house: House, state: State, names: Mapping[str, str]) -> None:
    """Old → new. The folders come last: a crash before is known by them, and all of it done again, which
    changes nothing that is done already."""
    changes = renamed(state, names, house.clock.now())
    await house.store.commit(changes)
    state.apply(changes)
    await asyncio.to_thread(KeptWalks(house.state_dir / WALKS).rename, names)
    for old, new in names.items():
        try:
            await house.metrics.rename(old, new)
        except StoreUnavailable as error:
            log.warning("the metrics keep the old name", target=new, was=old, reason=str(error))
        house.folders.rename(old, new)
        log.info("renamed", target=new, was=old)


@dataclass(slots=True)
class _Change:
    settings: Settings
    diff: Diff
    adapters: Adapters
    undo: dict[Path, Earlier | None]
    done: asyncio.Future[None]


class Generations:
    """Runs the present runtime, and puts another in its place. `joined` is told each."""

    def __init__(
        self, house: House, settings: Settings, relay: Relay, joined: Callable[[Runtime, Settings], None]
    ) -> None:
        self.settings = settings
        self._house, self._relay, self._joined = house, relay, joined
        self._wanted: asyncio.Queue[_Change] = asyncio.Queue()

    @property
    def runtime(self) -> Runtime:
        """The present one."""
        return self._house.runtime

    def running(self) -> dict[str, Running]:
        """What runs now, by target."""
        processes = self.runtime.processes
        return {t.name: r for t in self.settings.targets if (r := processes.running(t.name)) is not None}

    async def change(self, settings: Settings, diff: Diff) -> None:
        """Puts other settings into effect, whole or not at all; one such change at a time.

        Raises:
            UsageError: an adapter cannot be built: nothing has changed.
            Exception: whatever broke; the old settings go on.
        """
        self._house.hide(settings)
        undo = self._note_what_runs(settings, diff)
        try:
            adapters = adapters_of(self._house, settings, {new: old for old, new in diff.renamed.items()})
            change = _Change(settings, diff, adapters, undo, asyncio.get_running_loop().create_future())
            self._wanted.put_nowait(change)
            await change.done
        except BaseException:
            _take_back(undo)
            await self._house.pool.back()
            raise

    async def run(self, started: asyncio.Event | None = None) -> None:
        """Works until cancelled, or until something breaks that nobody catches."""
        while True:
            running = asyncio.ensure_future(self.runtime.run(started))
            wanted = asyncio.ensure_future(self._wanted.get())
            try:
                await asyncio.wait({running, wanted}, return_when=asyncio.FIRST_COMPLETED)
                if running.done():
                    running.result()
                    return
                await self._change(running, wanted.result())
            finally:
                await put_away(running, wanted)

    async def _change(self, running: asyncio.Future[None], change: _Change) -> None:
        old = self.runtime
        await old.settle(PATIENCE)
        with self._relay.closed():
            try:
                await old.hand_over()
                await put_away(running)
                await self._succeed(old, change)
            except asyncio.CancelledError:  # opsbot ends just now
                await self._house.pool.close()
                raise
            self._relay.present = self.runtime.ops
            self._joined(self.runtime, self.settings)

    async def _succeed(self, old: Runtime, change: _Change) -> None:
        """The new runtime, or, if that cannot be, one like the old one with all that it knew."""
        names = change.diff.renamed
        try:
            if names:
                await _rename(self._house, old.pipeline.state, names)
            new = self._successor(old, change.settings, change.diff, change.adapters)
            self._house.folders.settle([t.name for t in change.settings.targets])
        except Exception as broken:
            log.exception("the new settings are not in effect")
            _take_back(change.undo)
            if names:
                await _rename(self._house, old.pipeline.state, {n: o for o, n in names.items()})
            await self._house.pool.back()
            adapters = adapters_of(self._house, self.settings)
            self._house.runtime = self._successor(old, self.settings, Diff(), adapters)
            await self._house.pool.turn()
            change.done.set_exception(broken)
        else:
            self._house.runtime, self.settings = new, change.settings
            await self._house.pool.turn()
            change.done.set_result(None)

    def _successor(self, old: Runtime, settings: Settings, diff: Diff, adapters: Adapters) -> Runtime:
        specs = {t.name: t.supervisor for t in self.settings.targets}
        same = [t.name for t in settings.targets if _same(specs.get(t.name), t.supervisor)]
        state = empty_state(settings)
        succeed(state, old.pipeline.state, same, self._apart(settings))
        runtime = runtime_of(self._house, settings, adapters, state)
        left = {name: parting(old.processes.running(name)) for name in diff.removed}
        runtime.pipeline.opening = partial(resume, left=left)
        runtime.go_on(old, same)
        return runtime

    def _apart(self, settings: Settings) -> list[str]:
        """Targets whose process runs on, unknown to their supervisor."""
        boot = self._house.clock.boot_id
        notes = {t.name: _earlier.read(self._house.folders.of(t.name), boot) for t in settings.targets}
        return [name for name, note in notes.items() if note is not None and note.apart]

    def _note_what_runs(self, settings: Settings, diff: Diff) -> dict[Path, Earlier | None]:
        """Writes down which processes run on as they were configured before; returns what stood there."""
        was, now = ({t.name: t.supervisor for t in s.targets} for s in (self.settings, settings))
        undo: dict[Path, Earlier | None] = {}
        processes = self.running()
        for name in diff.changed:
            called = diff.before(name)
            old, new, running = was[called], now[name], processes.get(called)
            folder = self._house.folders.of(called)
            known = _earlier.read(folder, self._house.clock.boot_id)
            if old is None or new is None or (running is None and known is None):
                continue
            undo[folder] = known
            if known is not None and known.was == _digest(new):
                _put(folder, None)
            elif running is not None:
                same = known is not None and known.process == running.process
                began = known.was if known is not None and same else _digest(old)
                apart = identity(old) != identity(new) and not old.kind == new.kind == "process"
                _put(folder, Earlier(running.process, began, stale(old, new, running), apart))
        return undo


def _take_back(undo: Mapping[Path, Earlier | None]) -> None:
    for folder, earlier in undo.items():
        _put(folder, earlier)


def _put(folder: Path, earlier: Earlier | None) -> None:
    if earlier is None:
        _earlier.forget(folder)
    else:
        _earlier.write(folder, earlier)


def _same(old: SupervisorSpec | None, new: SupervisorSpec | None) -> bool:
    """Whether what runs is found by the one as by the other."""
    return old is not None and new is not None and identity(old) == identity(new)


def _digest(spec: SupervisorSpec) -> str:
    return hashlib.sha256(repr((spec.kind, spec.options)).encode(errors="replace")).hexdigest()
