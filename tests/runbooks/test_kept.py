"""Walks as files: real ones, also damaged."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.domain.walk import Mark
from opsbot.runbooks import walking
from opsbot.runbooks.kept import MOST, OLDEST, KeptWalks, walk_of
from tests.runbooks.books import ID, OTTO, walk


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "walks"


def named(number: int) -> str:
    return f"{number:016d}"


def test_a_walk_is_found_again_as_it_was(folder: Path) -> None:
    begun = walk()
    gone_on = walking.answered(
        walking.seen(begun, 1, Mark.WRONG, "✗ not running", 1.5), 2, Mark.FINE, OTTO, 2.5
    )
    for each in (begun, gone_on, walking.ended(gone_on, OTTO, 3.5), walk(incident=None)):
        KeptWalks(folder).write(replace(each, remarks=("not kept",)))
        assert KeptWalks(folder).read(ID) == each


def test_only_opsbots_user_can_read_it(folder: Path) -> None:
    KeptWalks(folder).write(walk())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()] == [0o600]


@pytest.mark.parametrize("name", ["", "x", "../../../etc/passwd", "A" * 15 + "/", "A" * 17, ID + "\n"])
def test_a_name_that_is_none_reads_no_file(folder: Path, name: str) -> None:
    assert KeptWalks(folder).read(name) is None


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"id": 1}', b"[" * 100_000])
def test_a_damaged_file_is_no_walk_and_hides_no_other(folder: Path, damage: bytes) -> None:
    kept = KeptWalks(folder)
    kept.write(walk())
    kept.write(replace(walk(), id=named(1)))
    (folder / f"{ID}.json").write_bytes(damage)
    assert kept.read(ID) is None
    assert [each.id for each in kept.all()] == [named(1)]
    kept.write(walk())
    assert kept.read(ID) == walk()


def test_what_is_no_file_is_no_walk(folder: Path) -> None:
    folder.mkdir()
    os.mkfifo(folder / f"{named(1)}.json")
    (folder / f"{named(2)}.json").mkdir()
    (folder / f"{named(3)}.json").symlink_to("/etc/hostname")
    assert KeptWalks(folder).all() == []


def test_old_ones_too_many_and_half_written_ones_are_removed(folder: Path) -> None:
    kept = KeptWalks(folder)
    for number in range(MOST + 5):
        kept.write(replace(walk(), id=named(number)))
        os.utime(folder / f"{named(number)}.json", (10_000.0 + number, 10_000.0 + number))
    (folder / f"{named(1)}.json.new").write_text("{")
    (folder / "something-else.txt").write_text("stays")
    kept.prune(10_000.0 + MOST)
    assert sorted(path.name for path in folder.iterdir()) == [
        *(f"{named(number)}.json" for number in range(5, MOST + 5)),
        "something-else.txt",
    ]
    kept.prune(10_000.0 + OLDEST + MOST)
    assert len(kept.all()) == 5


def test_a_walk_that_cannot_be_written_goes_on_in_memory(tmp_path: Path) -> None:
    (tmp_path / "walks").write_text("a file is in the way")
    kept = KeptWalks(tmp_path / "walks")
    kept.write(walk())
    assert kept.read(ID) == walk()
    assert kept.all() == [walk()]
    (tmp_path / "walks").unlink()
    kept.write(walk())
    assert KeptWalks(tmp_path / "walks").read(ID) == walk()


def test_without_a_folder_it_is_kept_as_long_as_opsbot_runs() -> None:
    kept = KeptWalks()
    kept.write(walk())
    kept.prune(0.0)
    assert kept.read(ID) == walk()


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.data())
def test_whatever_a_file_holds_is_a_walk_or_is_refused(data: st.DataObject) -> None:
    written: Any = json.loads(json.dumps(asdict(walk())))
    place = written if data.draw(st.booleans()) else written["steps"][0]
    place[data.draw(st.sampled_from(sorted(place)))] = data.draw(JSON)
    try:
        read = walk_of(written)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return
    assert read.steps
    assert all(isinstance(step.title, str) for step in read.steps)


def test_a_walk_that_goes_on_follows_its_target_to_another_name(folder: Path) -> None:
    over = walking.ended(replace(walk(), id=named(1)), OTTO, 3.5)
    for each in (walk(), over, replace(walk(), id=named(2), target="other")):
        KeptWalks(folder).write(each)
    for _ in range(2):  # killed in its midst, it is done again
        KeptWalks(folder).rename({walk().target: "store"})
    found = {each.id: each.target for each in KeptWalks(folder).all()}
    assert found == {ID: "store", named(1): walk().target, named(2): "other"}
