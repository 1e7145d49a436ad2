"""An urgent incident gets a bundle by itself, whatever becomes of opsbot meanwhile."""

from __future__ import annotations

import asyncio
import tarfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from opsbot.diagnostics.attachments import MAKING
from opsbot.diagnostics.base import Piece
from opsbot.diagnostics.equipment import Equipment
from opsbot.diagnostics.packing import Packed
from opsbot.domain.action import Action, ActionState
from opsbot.domain.audit import AuditEntry
from opsbot.domain.change import Change
from opsbot.domain.diagnostics import BundlePolicy
from opsbot.domain.incident import Entry
from opsbot.domain.rule import ActionKind, RestartPolicy
from opsbot.runtime.investigator import told
from opsbot.stores.base import StateStore
from opsbot.testing.store import MemoryState
from tests.bound import BOUND
from tests.runtime.cut import Cut, CutStore
from tests.runtime.rig import Rig, World, build, changes, running

ONLY_WATCHED = RestartPolicy(enabled=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "attachments"


@asynccontextmanager
async def opsbot(world: World, equipment: Equipment, store: StateStore | None = None) -> AsyncIterator[Rig]:
    async with running(await build(world, ONLY_WATCHED, store=store, equipment=equipment)) as rig:
        yield rig


async def investigated(rig: Rig) -> Action:
    """The investigation, when its end is committed; its looks at the machine take real time."""
    ended: asyncio.Queue[Action] = asyncio.Queue()

    def listen(committed: Sequence[Change], _: object) -> None:
        actions = [c for c in committed if isinstance(c, Action) and c.kind is ActionKind.INVESTIGATE]
        for action in actions:
            if action.state is not ActionState.RUNNING:
                ended.put_nowait(action)

    rig.runtime.pipeline.listen(listen)
    async with asyncio.timeout(BOUND):
        return await ended.get()


def with_file(rig: Rig) -> list[Entry]:
    return [entry for entry in rig.incident.timeline if entry.file]


def whole(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if not p.name.startswith(MAKING))


async def test_the_bundle_lies_among_the_attachments_and_stands_in_the_timeline(folder: Path) -> None:
    world = World()
    world.host.launch()
    async with opsbot(world, Equipment(folder)) as rig:
        await rig.clock.advance(2.0)
        world.host.end(code=1)
        action = await investigated(rig)
        assert action.state is ActionState.DONE, action.detail
        (entry,) = with_file(rig)
        assert entry.text.startswith("Diagnostics collected: ")
        assert "stacks.txt" in entry.text
        assert whole(folder) == [entry.file]
        assert (folder / entry.file).stat().st_mode & 0o777 == 0o600
        assert folder.stat().st_mode & 0o777 == 0o700
        with tarfile.open(folder / entry.file) as archive:
            names = [name.partition("/")[2] for name in archive.getnames()]
        assert {"manifest.json", "report.md", "health.txt", "processes.txt"} <= set(names)


async def test_the_report_in_it_tells_of_the_incident(folder: Path) -> None:
    world = World()
    world.host.launch()
    async with opsbot(world, Equipment(folder)) as rig:
        await rig.clock.advance(2.0)
        world.host.end(code=1)
        await investigated(rig)
    with tarfile.open(folder / whole(folder)[0]) as archive:
        member = next(m for m in archive.getmembers() if m.name.endswith("report.md"))
        file = archive.extractfile(member)
        assert file is not None
        report = file.read().decode()
    assert "incident #1, The bot is down" in report
    assert "bot_process_down" in report


async def test_where_no_bundle_can_be_kept_the_incident_says_why(tmp_path: Path) -> None:
    (tmp_path / "attachments").write_text("in the way")
    world = World()
    world.host.launch()
    async with opsbot(world, Equipment(tmp_path / "attachments")) as rig:
        await rig.clock.advance(2.0)
        world.host.end(code=1)
        action = await investigated(rig)
        assert action.state is ActionState.FAILED
        assert "could not be collected" in rig.incident.timeline[-1].text
        assert with_file(rig) == []


async def test_old_bundles_go_when_a_new_one_comes(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    for number in range(3):
        (folder / f"diagnostics_2026010{number}_000000.tar.gz").write_bytes(b"old")
    (folder / "postmortem_7.md").write_bytes(b"somebody else's")
    world = World()
    world.host.launch()
    async with opsbot(world, Equipment(folder, BundlePolicy(keep=2))) as rig:
        await rig.clock.advance(2.0)
        world.host.end(code=1)
        await investigated(rig)
        (entry,) = with_file(rig)
    left = whole(folder)
    assert len(left) == 3
    assert {entry.file, "postmortem_7.md"} <= set(left)


async def until_cut(world: World, folder: Path, at: int) -> Cut:
    """One opsbot, from the crash to its end at moment `at`, or until its investigation is over."""
    cut = Cut(at)
    async with opsbot(world, Equipment(folder), CutStore(world, cut)) as rig:
        await rig.clock.advance(2.0)
        cut.armed = True
        world.host.end(code=1)
        done = asyncio.create_task(investigated(rig))
        cutting = asyncio.create_task(cut.happened.wait())
        await asyncio.wait({done, cutting}, return_when=asyncio.FIRST_COMPLETED)
        for task in (done, cutting):
            task.cancel()
        await asyncio.gather(done, cutting, return_exceptions=True)
    return cut


def begun(world: World) -> list[Action]:
    """The investigations that are on record, as they are now."""
    store = MemoryState(world.clock, world.disk)
    found = {
        c.id: c
        for batch in store.batches
        for c in batch
        if isinstance(c, Action) and c.kind is ActionKind.INVESTIGATE
    }
    return list(found.values())


async def test_killed_at_any_commit_it_is_done_anew_and_nothing_runs_for_ever(folder: Path) -> None:
    at = 1
    while True:
        world = World()
        world.host.launch()
        cut = await until_cut(world, folder, at)
        if not cut.happened.is_set():
            break
        was_running = [a for a in begun(world) if a.state is ActionState.RUNNING]
        was_done = [a for a in begun(world) if a.state is not ActionState.RUNNING]
        async with opsbot(world, Equipment(folder)) as rig:
            if not was_done:
                await investigated(rig)
            assert [a for a in rig.state.actions.values() if a.kind is ActionKind.INVESTIGATE] == []
            assert len(with_file(rig)) == 1, cut.names
            assert (folder / with_file(rig)[0].file).exists()
            resumed = [c for c in changes(rig) if isinstance(c, AuditEntry) and c.outcome == "resumed"]
            assert len(resumed) == len(was_running)
        async with opsbot(world, Equipment(folder)) as rig:
            await rig.clock.advance(1.0)
            assert len(begun(world)) == 1, "it is over"
        at += 1
    assert at > 3


async def test_ended_twice_in_its_midst_it_is_given_up(folder: Path) -> None:
    """The bundle never gets done: the store stands still as soon as its end is to be written."""
    world = World()
    world.host.launch()
    async with opsbot(world, Equipment(folder)) as rig:
        await rig.clock.advance(2.0)
        world.host.end(code=1)
        await rig.until(lambda: bool(rig.state.actions), 5.0)
    async with opsbot(world, Equipment(folder)) as rig:
        assert [action.tries for action in rig.state.actions.values()] == [2]
    async with opsbot(world, Equipment(folder)) as rig:
        assert rig.state.actions == {}
        assert "given up" in rig.incident.timeline[-1].text
    assert [action.state for action in begun(world)] == [ActionState.FAILED]


def test_what_is_missing_for_the_same_reason_is_said_together() -> None:
    pieces = (
        Piece("a.txt", b"a", {"password": 1}),
        *(Piece(f, why="it is gone") for f in ("b.txt", "c.txt")),
    )
    packed = Packed(0.0, 1, "", tuple(pieces))
    assert told(packed).endswith("1 of 3 parts, 1 B, 1 secret hidden; without b.txt and c.txt (it is gone)")
