"""What archives are called, which ones go, and what earlier rotations left."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsbot.errors import RotationError
from opsbot.rotation.base import Aside
from tests.rotation.yard import DAY, Yard, needs_root
from tests.zones import in_zone


@pytest.fixture
def utc() -> Iterator[None]:
    with in_zone("UTC"):
        yield


@pytest.fixture
def yard(tmp_path: Path, utc: None) -> Yard:
    """It is 2026-01-05 15:04:00 there."""
    return Yard(tmp_path)


def put(yard: Yard, *names: str) -> None:
    yard.spec.archive_dir.mkdir(parents=True, exist_ok=True)
    for name in names:
        (yard.spec.archive_dir / name).write_text(name)


def left(yard: Yard) -> list[str]:
    return sorted(path.name for path in yard.spec.archive_dir.iterdir())


# names


async def test_an_archive_is_called_as_in_the_guide_by_the_time_of_its_rotation(yard: Yard) -> None:
    yard.write()
    aside = yard.set_aside()
    assert aside.path.name == "bot.log.20260105_150400"
    await yard.clock.advance(3600)
    archived = await yard.compress(aside)
    assert archived.path == yard.folder / "logs" / "archive" / "bot_20260105_150400.log.gz"


async def test_the_time_in_a_name_is_local(yard: Yard) -> None:
    with in_zone("Asia/Kolkata"):
        yard.write()
        assert (await yard.rotate()).path.name == "bot_20260105_203400.log.gz"


async def test_rotations_within_a_second_overwrite_nothing(yard: Yard) -> None:
    written = [yard.write(b"%d\n" % number) for number in range(12)]
    yard.log.unlink()
    for content in written:
        yard.write(content)
        await yard.rotate()
    assert sorted(yard.content()) == sorted(written)
    assert "bot_20260105_150400_12.log.gz" in left(yard)


def test_logs_set_aside_within_a_second_get_names_of_their_own(yard: Yard) -> None:
    first = yard.archive.aside_path(in_archive=False)
    first.write_text("")
    assert yard.archive.aside_path(in_archive=False) == Path(f"{first}.2")
    copy = yard.archive.aside_path(in_archive=True)
    assert copy == yard.spec.archive_dir / ".bot_20260105_150400.part"
    copy.symlink_to("/nowhere")  # a link that leads nowhere takes the name too
    assert yard.archive.aside_path(in_archive=True).name == ".bot_20260105_150400.2.part"


async def test_a_copy_in_the_archive_folder_is_compressed_there(yard: Yard) -> None:
    copy = yard.archive.aside_path(in_archive=True)
    copy.write_text("a copy\n")
    archived = await yard.compress(Aside(copy, 7))
    assert left(yard) == [archived.path.name] == ["bot_20260105_150400.log.gz"]


# asides


async def test_what_earlier_rotations_left_is_found_the_oldest_first(yard: Yard) -> None:
    wanted: list[Aside] = []
    for in_archive in (True, False, False, True):
        path = yard.archive.aside_path(in_archive)
        path.write_text("x" * (len(wanted) + 1))
        wanted.append(Aside(path, len(wanted) + 1))
        await yard.clock.advance(60)
    assert yard.archive.asides() == wanted


def test_of_one_second_the_tenth_comes_after_the_second(yard: Yard) -> None:
    for number in ("", *(f".{n}" for n in range(2, 12))):
        Path(f"{yard.log}.20260105_150400{number}").write_text("")
    assert [aside.path.suffix for aside in yard.archive.asides()][1:4] == [".2", ".3", ".4"]
    assert yard.archive.asides()[-1].path.suffix == ".11"


def test_other_files_beside_the_log_are_not_taken_for_it(yard: Yard) -> None:
    for name in ("bot.log.1", "bot.log.20260105", "bot.log.20260105_150400.gz", "bot.log.20260105_150400.1"):
        (yard.folder / name).write_text("")
    (yard.folder / "bot.log.20261305_150400").write_text("no such month")
    (yard.folder / "other.log.20260105_150400").write_text("")
    (yard.folder / "bot.log.20260105_150401").symlink_to("bot.log.1")
    (yard.folder / "bot.log.20260105_150402").mkdir()
    put(
        yard,
        ".bot_20260105_150400.part.half",
        ".other_20260105_150400.part",
        "bot_20260105_150400.log.gz",
    )
    assert yard.archive.asides() == []


def test_without_folders_nothing_was_left(yard: Yard) -> None:
    assert yard.archive.asides() == []
    assert yard.archive.prune() == []
    assert yard.files() == []


def test_in_a_folder_for_everybody_only_the_log_owners_asides_are_taken(yard: Yard) -> None:
    needs_root()
    yard.write()
    yard.folder.chmod(0o1777)
    for number, owner in ((1, 0), (2, 12_345), (3, 23_456)):
        path = Path(f"{yard.log}.20260105_15040{number}")
        path.write_text("x")
        os.chown(path, owner, owner)
    os.chown(yard.log, 12_345, 12_345)
    assert [aside.path.name[-1] for aside in yard.archive.asides()] == ["1", "2"]


# pruning


def test_the_newest_archives_stay(yard: Yard) -> None:
    put(yard, *(f"bot_202601{day:02d}_020000.log.gz" for day in (5, 1, 4, 2, 3)))
    put(yard, "bot_20260105_020000_2.log.gz", "bot_20260105_020000_10.log.gz")
    removed = yard.archive.prune(keep=3)
    assert left(yard) == [
        "bot_20260105_020000.log.gz",
        "bot_20260105_020000_10.log.gz",
        "bot_20260105_020000_2.log.gz",
    ]
    assert [path.name[8:12] for path in removed] == ["0101", "0102", "0103", "0104"]


def test_ten_are_kept_when_nothing_else_is_asked(yard: Yard) -> None:
    put(yard, *(f"bot_20260105_0200{second:02d}.log.gz" for second in range(13)))
    assert len(yard.archive.prune()) == 3
    assert len(left(yard)) == 10


async def test_archives_go_after_their_age_by_the_injected_clock(yard: Yard) -> None:
    put(yard, "bot_20260101_000000.log.gz", "bot_20260105_000000.log.gz")
    assert yard.archive.prune() == []
    await yard.clock.advance(11 * DAY)
    assert [path.name for path in yard.archive.prune()] == ["bot_20260101_000000.log.gz"]


@pytest.mark.parametrize("years", [10, -10])
async def test_a_clock_that_is_set_to_another_year_removes_nothing(yard: Yard, years: int) -> None:
    put(yard, *(f"bot_2026010{day}_000000.log.gz" for day in (1, 2, 3)))
    yard.write()
    yard.clock.step_wall(years * 365 * DAY)
    made = await yard.rotate()
    assert yard.archive.prune() == []
    assert [path.name for path in yard.archive.prune(keep=3)] == ["bot_20260101_000000.log.gz"]
    assert made.path.exists()


NOT_OURS = (
    "bot_20260105_20260101_000000.log.gz",  # of a target called bot_20260105
    "bot_2_20260101_000000.log.gz",
    "bots_20260101_000000.log.gz",
    "bot_20260101_000000_20260101_000000.log.gz",
    "bot_20260101_000000_1.log.gz",
    "bot_20260101_000000_02.log.gz",
    "bot_20260101_000000.log.gz.bak",
    "bot_20260101_000000.log.gz\n",
    "bot_20260101_000000.log",
    "bot_20261301_000000.log.gz",
    "bot_٢٠260101_000000.log.gz",
    "bot_latest.log.gz",
    "notes.txt",
)


def test_only_this_logs_own_archives_are_ever_removed(yard: Yard) -> None:
    put(yard, *NOT_OURS, "bot_20260101_000000.log.gz")
    archive_dir = yard.spec.archive_dir
    (archive_dir / "bot_20260102_000000.log.gz").symlink_to(archive_dir / "notes.txt")
    (archive_dir / "bot_20260103_000000.log.gz").mkdir()
    assert [path.name for path in yard.archive.prune(keep=0)] == ["bot_20260101_000000.log.gz"]
    assert len(left(yard)) == len(NOT_OURS) + 2


def test_a_name_with_the_signs_of_patterns_is_only_a_name(tmp_path: Path) -> None:
    yard = Yard(tmp_path, name="b.t[1]{x}")
    put(yard, "b.t[1]{x}_20260101_000000.log.gz", "bot[1]{x}_20260101_000000.log.gz")
    assert len(yard.archive.prune(keep=0)) == 1
    assert left(yard) == ["bot[1]{x}_20260101_000000.log.gz"]


def test_halves_that_a_killed_opsbot_left_go(yard: Yard) -> None:
    put(yard, "bot_20260105_150400.log.gz.part", "other_20260105_150400.log.gz.part")
    assert yard.archive.prune() == []
    assert left(yard) == ["other_20260105_150400.log.gz.part"]


async def test_an_archive_folder_for_everybody_is_refused(yard: Yard) -> None:
    yard.write()
    yard.spec.archive_dir.mkdir(parents=True)
    yard.spec.archive_dir.chmod(0o1777)
    for work in (yard.archive.prune, yard.archive.asides):
        with pytest.raises(RotationError, match="chmod o-w"):
            work()
    aside = yard.set_aside()
    with pytest.raises(RotationError, match="chmod o-w"):
        await yard.compress(aside)
    assert aside.path.exists()
