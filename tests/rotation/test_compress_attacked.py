"""Somebody else has been in the folders that opsbot, perhaps root, writes to."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsbot.errors import RotationError
from opsbot.rotation.base import Aside
from tests.rotation.yard import LONG, TRAPS, Yard, noise

RANDOM_ROUNDS = 6


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    yard = Yard(tmp_path)
    yield yard
    yard.close()


@pytest.mark.parametrize("trap", TRAPS)
@pytest.mark.parametrize("name", ["bot_20260105_150400.log.gz", "bot_20260105_150400.log.gz.part"])
async def test_a_name_that_was_made_before_is_never_written_through(yard: Yard, trap: str, name: str) -> None:
    precious = yard.folder / "precious"
    precious.write_text("do not touch")
    yard.spec.archive_dir.mkdir(parents=True)
    place = yard.spec.archive_dir / name
    TRAPS[trap](place, precious)
    data = yard.write()
    archived = await yard.rotate()
    assert archived.path.name != name
    assert gzip.decompress(archived.path.read_bytes()) == data
    assert precious.read_text() == "do not touch"


async def test_an_archive_folder_that_is_exchanged_meanwhile_leads_nowhere_else(yard: Yard) -> None:
    data = yard.write(noise(LONG))
    aside = yard.set_aside()
    elsewhere, moved = yard.folder / "elsewhere", yard.folder / "moved"
    elsewhere.mkdir()

    def exchange(_: float) -> None:
        if not moved.exists():
            yard.spec.archive_dir.rename(moved)
            yard.spec.archive_dir.symlink_to(elsewhere)

    await yard.compress(aside, exchange)
    assert list(elsewhere.iterdir()) == []
    assert [gzip.decompress(path.read_bytes()) for path in moved.glob("*.gz")] == [data]


@pytest.mark.parametrize("trap", ["symlink", "hard link"])
async def test_a_link_in_the_place_of_an_aside_is_not_archived(yard: Yard, trap: str) -> None:
    secret = yard.folder / "secret"
    secret.write_text("root's own")
    path = yard.archive.aside_path(in_archive=False)
    TRAPS[trap](path, secret)
    with pytest.raises(RotationError, match="link"):
        await yard.compress(Aside(path, 0))
    assert yard.archived() == []
    assert secret.read_text() == "root's own"
