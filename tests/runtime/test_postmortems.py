"""An incident that is over gets its postmortem once, whenever opsbot is killed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from opsbot.domain.actor import AUTO
from opsbot.domain.incident import Entry, EntryKind, Incident
from opsbot.domain.levels import IncidentState, Priority, Severity
from opsbot.domain.moment import Moment
from opsbot.draw.postmortem import PREFIX
from opsbot.engine.inputs import NoteAsked
from opsbot.errors import UsageError
from opsbot.runtime.memory_parts import MemoryParts
from opsbot.runtime.postmortems import AGAIN, RECENT, Postmortems, written
from opsbot.stores.attachments import Attachments
from opsbot.testing.store import MemoryState
from tests.bound import BOUND
from tests.runtime.rig import NAME, Rig, World, build, running


@dataclass
class Desk:
    """What writes them, beside an opsbot whose own does not. `dies`: before that it is killed."""

    folder: Path
    least: Priority = Priority.P2
    dies: str = ""
    asked: list[NoteAsked] = field(default_factory=list)
    full: bool = False

    def join(self, rig: Rig) -> Postmortems:
        async def ask(given: Any) -> object:
            if self.dies == "note":
                raise Killed
            self.asked.append(given)
            return await rig.runtime.pipeline.ask(given)

        made = Postmortems(rig.state, rig.runtime.recall, self, rig.clock, ask, self.least, 90 * 86_400.0)
        rig.runtime.pipeline.listen(made.note)
        return made

    def write(self, name: str, content: bytes) -> None:
        if self.dies == "file":
            raise Killed
        if self.full:
            raise OSError(28, "No space left on device")
        Attachments(self.folder).write(name, content)

    def prune(self, prefix: str, before: float) -> int:
        return Attachments(self.folder).prune(prefix, before)

    def files(self) -> list[Path]:
        return sorted((self.folder / "attachments").glob(f"{PREFIX}*"))


class Killed(BaseException):
    """opsbot ends here, as by SIGKILL."""


async def fresh(world: World | None = None) -> Rig:
    if world is None:
        world = World()
        world.host.launch()
    return await build(world)


async def crash(rig: Rig) -> Incident:
    """The target dies, is restarted, and its incident is over."""
    await rig.clock.advance(1.0)
    crashed = rig.clock.now().mono
    rig.world.host.crash()

    def over() -> bool:
        ends = [i.resolved_at.mono for i in rig.state.incidents.values() if i.resolved_at]
        return max(ends, default=0.0) >= crashed and not rig.state.live_incidents()

    await rig.until(over)
    return rig.incident


@asynccontextmanager
async def writing(rig: Rig, desk: Desk) -> AsyncIterator[None]:
    """opsbot runs, and what writes postmortems in it."""
    async with running(rig):
        task = asyncio.create_task(desk.join(rig).run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, Killed):
                await task


async def true(look: Callable[[], object]) -> None:
    """Waits for what a thread does, in real time."""
    async with asyncio.timeout(BOUND):
        while not look():  # noqa: ASYNC110 - it happens in a thread
            await asyncio.sleep(0.002)


def told(rig: Rig, number: int = 1) -> list[str]:
    """What the timeline says of the files, as it is in memory."""
    return [entry.text for entry in rig.state.incidents[number].timeline if entry.file]


async def stored(rig: Rig, number: int = 1) -> list[str]:
    timeline = await MemoryState(rig.clock, rig.world.disk).timeline(number)
    return [entry.text for entry in timeline if entry.file]


async def test_what_is_over_is_written_down_and_stands_in_its_timeline(tmp_path: Path) -> None:
    rig, desk = await fresh(), Desk(tmp_path)
    async with writing(rig, desk):
        incident = await crash(rig)
        await true(lambda: told(rig))
        (file,) = desk.files()
        text = file.read_text()
        assert incident.title in text
        assert "Restarts: 1 automatic" in text
        (asked,) = desk.asked
        assert (asked.file, asked.actor, asked.text) == (file.name, AUTO, "postmortem")
        assert not rig.state.incidents[1].live, "a note opens nothing"


async def test_one_that_was_written_is_not_written_again_at_the_next_start(tmp_path: Path) -> None:
    rig, desk = await fresh(), Desk(tmp_path)
    async with writing(rig, desk):
        await crash(rig)
        await true(lambda: told(rig))
    again, later = await fresh(rig.world), Desk(tmp_path)
    async with writing(again, later):
        await again.clock.advance(AGAIN * 2)
        await again.runtime.pipeline.caught_up()
    assert later.asked == []
    assert await stored(again) == ["postmortem"]


@pytest.mark.parametrize("dies", ["file", "note"])
async def test_killed_in_between_the_next_start_makes_up_for_it(tmp_path: Path, dies: str) -> None:
    rig, doomed = await fresh(), Desk(tmp_path, dies=dies)
    async with running(rig):
        task = asyncio.create_task(doomed.join(rig).run())
        await crash(rig)
        await true(task.done)
        assert isinstance(task.exception(), Killed)
    assert await stored(rig) == []
    assert len(doomed.files()) == (dies == "note")
    again, desk = await fresh(rig.world), Desk(tmp_path)
    async with writing(again, desk):
        await true(lambda: told(again))
    assert await stored(again) == ["postmortem"]
    assert len(desk.files()) == 1


async def test_killed_between_the_end_and_everything_else_the_next_start_makes_up_for_it(
    tmp_path: Path,
) -> None:
    rig = await fresh()
    async with running(rig):
        await crash(rig)
    again, desk = await fresh(rig.world), Desk(tmp_path)
    async with writing(again, desk):
        await true(lambda: told(again))
    assert await stored(again) == ["postmortem"]


async def test_what_ended_long_ago_gets_none_any_more(tmp_path: Path) -> None:
    rig = await fresh()
    async with running(rig):
        await crash(rig)
    await rig.clock.advance(RECENT + 10)
    again, desk = await fresh(rig.world), Desk(tmp_path)
    async with writing(again, desk):
        await again.clock.advance(AGAIN * 2)
    assert desk.asked == []
    assert desk.files() == []


async def test_an_incident_that_came_back_has_one_file_and_a_second_line(tmp_path: Path) -> None:
    rig, desk = await fresh(), Desk(tmp_path)
    async with writing(rig, desk):
        await crash(rig)
        await true(lambda: told(rig))
        await rig.clock.advance(60.0)
        await crash(rig)
        assert list(rig.state.incidents) == [1], "it was reopened"
        await true(lambda: len(told(rig)) == 2)
        assert told(rig) == ["postmortem", "postmortem, again"]
        (file,) = desk.files()
        assert "It came back once" in file.read_text()


async def test_what_is_not_urgent_enough_makes_no_file(tmp_path: Path) -> None:
    rig, desk = await fresh(), Desk(tmp_path, least=Priority.P1)
    async with writing(rig, desk):
        await crash(rig)
        await true(lambda: told(rig))
        post = desk.join(rig)
        over = replace(rig.incident, priority=Priority.P2)
        assert not post._wanted(over)
        assert not post._wanted(replace(rig.incident, part_of=7))
        assert not post._wanted(replace(rig.incident, id=-1))


async def test_a_full_disk_delays_it_and_nothing_else(tmp_path: Path) -> None:
    rig, desk = await fresh(), Desk(tmp_path, full=True)
    async with writing(rig, desk):
        await crash(rig)
        await rig.clock.advance(AGAIN * 3)
        assert desk.asked == []
        desk.full = False
        async with asyncio.timeout(BOUND):
            while not told(rig):
                await asyncio.sleep(0.002)  # a thread writes it
                await rig.clock.advance(AGAIN)
    assert await stored(rig) == ["postmortem"]


async def test_people_get_it_at_any_time(tmp_path: Path) -> None:
    rig = await fresh()
    async with running(rig):
        await crash(rig)
        file = await rig.runtime.ops.memory.postmortem(1)
        assert file.name.startswith("postmortem_incident-1_")
        assert b"# Incident 1" in file.content
        with pytest.raises(UsageError, match="no incident #9"):
            await rig.runtime.ops.memory.postmortem(9)
        found = await rig.runtime.recall.told(1)
        assert len(found.timeline) > 2


async def test_old_files_go_when_their_incidents_go(tmp_path: Path) -> None:
    files = Attachments(tmp_path)
    files.write("postmortem_incident-1_20200101.md", b"x")
    files.write("diagnostics_1.tar.gz", b"x")
    for path in files.folder.iterdir():
        os.utime(path, (1e9, 1e9))
    rig, desk = await fresh(), Desk(tmp_path)
    async with writing(rig, desk):
        await true(lambda: not desk.files())
    assert [path.name for path in files.folder.iterdir()] == ["diagnostics_1.tar.gz"]


async def test_the_runtime_writes_them_where_it_is_told_to(tmp_path: Path) -> None:
    rig = await fresh()
    rig.runtime._parts = replace(rig.runtime._parts, memory=MemoryParts(Priority.P2, Attachments(tmp_path)))
    async with running(rig):
        await crash(rig)
        await true(lambda: told(rig))
    assert [path.name[:22] for path in (tmp_path / "attachments").iterdir()] == ["postmortem_incident-1_"]


def line(at: float, text: str, file: str = "") -> Entry:
    return Entry(Moment(at, at), EntryKind.DONE, text, AUTO, file)


def test_a_postmortem_counts_for_the_end_that_it_follows() -> None:
    over = Incident(
        1, NAME, "down", IncidentState.RESOLVED, Priority.P1, Severity.CRITICAL, Moment(1, 1),
        resolved_at=Moment(50, 5),
    )  # fmt: skip
    ended, mine = line(5, "resolved"), line(6, "postmortem", "postmortem_x.md")
    assert written(over, [line(1, "seen"), ended, mine])
    assert not written(over, [line(1, "seen"), line(2, "postmortem", "postmortem_x.md"), ended])
    assert not written(over, [ended, line(6, "diagnostics", "diagnostics_x.tar.gz")])
    assert written(over, [mine]), "the line of its end is lost"
