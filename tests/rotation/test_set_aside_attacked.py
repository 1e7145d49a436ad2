"""Names that somebody made a moment before, and disks that are full, for every way to set a log aside."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsbot.errors import RotationError
from opsbot.rotation._archive import Archive
from opsbot.rotation.base import Way
from tests.rotation.desk import Desk, needs_cutting, no_ability, numbered
from tests.rotation.yard import TRAPS

WAYS: dict[str, Way] = {"rename": Way.REOPEN, "cut": Way.COLLAPSE, "truncate": Way.TRUNCATE}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Way:
    """The log is one that is set aside that way."""
    desk.configure(watched=request.param == "rename")
    if request.param == "cut":
        needs_cutting(desk.folder)
    if request.param == "truncate":
        no_ability(monkeypatch)
    desk.log.write_text(numbered(2000))
    if request.param != "rename":
        desk.pen()
    return WAYS[request.param]


def spring(
    monkeypatch: pytest.MonkeyPatch, desk: Desk, trap: str, ending: str = ""
) -> tuple[Path, list[Path]]:
    """Somebody makes the name that was chosen, with an ending, before it is used. Returns the precious file
    that the trap leads to, and the trap."""
    precious, chosen, traps = desk.folder / "precious", Archive.aside_path, list[Path]()
    precious.write_text("do not touch")

    def trapped(archive: Archive, in_archive: bool) -> Path:
        path = chosen(archive, in_archive)
        half = path.with_name(path.name + ending)
        if half not in traps and (ending or not traps):  # a second later another name may be chosen
            traps.append(half)
            TRAPS[trap](half, precious)
        return path

    monkeypatch.setattr(Archive, "aside_path", trapped)
    return precious, traps


@pytest.mark.parametrize("trap", TRAPS)
async def test_a_name_that_was_made_a_moment_before_is_not_used(
    desk: Desk, way: Way, trap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    precious, traps = spring(monkeypatch, desk, trap)
    plan = await desk.rotator.plan()
    assert plan.way is way
    aside = await desk.rotator.set_aside(plan)
    assert aside.path not in traps
    assert aside.path.read_text() + desk.log.read_text() == numbered(2000)
    assert precious.read_text() == "do not touch"
    assert len(traps) == 1


@pytest.mark.parametrize("trap", TRAPS)
@pytest.mark.parametrize("way", ["cut", "truncate"], indirect=True)
async def test_the_half_of_a_copy_that_somebody_made_before_leaves_the_log_as_it_was(
    desk: Desk, way: Way, trap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    precious, traps = spring(monkeypatch, desk, trap, ".half")
    with pytest.raises(RotationError, match="it is left as it was"):
        await desk.rotate()
    assert desk.log.read_text() == numbered(2000)
    assert precious.read_text() == "do not touch"
    assert traps


async def test_a_log_that_is_renamed_on_a_full_disk_is_whole_until_there_is_room_to_pack_it(
    desk: Desk, small_disk: Path
) -> None:
    desk.configure(path=small_disk / "bot.log", archive_dir=small_disk / "archive", watched=True)
    desk.spec.path.write_text(text := numbered(4000))
    fill = small_disk / "fill"
    fill_up(fill)
    aside = await desk.rotate()
    assert aside.path.read_text() == text
    with pytest.raises(RotationError, match=r"room|space"):
        await desk.archive(aside)
    assert aside.path.read_text() == text
    assert list(small_disk.rglob("*.gz*")) == []
    fill.unlink()
    assert await desk.archive(aside) == text.encode()


def fill_up(file: Path) -> None:
    """Takes what is left of a disk."""
    with file.open("wb", buffering=0) as out:
        try:
            while True:
                out.write(bytes(4096))
        except OSError:
            return
