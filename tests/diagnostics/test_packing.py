"""Parts become one file: a manifest that is right, names that stay inside, and a size that is kept."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
import tarfile
from typing import Any

import pytest

from opsbot.diagnostics.base import DROPPED_FIRST, TITLES, NotCollected, Piece
from opsbot.diagnostics.packing import Packed, dropped, pack

WALL = 1_767_625_440.0
NEVER = {"health.txt", "report.md"}


def noise(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


def packed(pieces: list[Piece], most: int = 10**7) -> tuple[Packed, bytes]:
    out = io.BytesIO()
    result = pack(WALL, pieces, {"target": "bot"}, most, out)
    return result, out.getvalue()


def manifest(data: bytes) -> dict[str, Any]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        file = archive.extractfile(archive.getmembers()[0])
        assert file is not None
        read: dict[str, Any] = json.load(file)
        return read


def whole(size: int) -> list[Piece]:
    return [Piece(file, noise(size, number)) for number, file in enumerate(TITLES)]


def test_each_part_stands_in_the_manifest_with_its_digest_and_what_was_hidden() -> None:
    pieces = [
        Piece("logs.txt", b"a line\n", {"JWT": 2, "loaded": 1}, 0.25),
        Piece("stacks.txt", why="looking into targets is off"),
    ]
    result, data = packed(pieces)
    found = manifest(data)
    assert found["parts"] == [
        {
            "file": "logs.txt",
            "title": TITLES["logs.txt"],
            "bytes": 7,
            "sha256": hashlib.sha256(b"a line\n").hexdigest(),
            "hidden": {"JWT": 2, "loaded": 1},
            "seconds": 0.25,
        }
    ]
    assert [(one["file"], one["why"]) for one in found["failed"]] == [
        ("stacks.txt", "looking into targets is off")
    ]
    assert (found["dropped"], found["hidden_in_all"], found["target"]) == ([], 3, "bot")
    assert (result.size, result.sha256) == (len(data), hashlib.sha256(data).hexdigest())


def test_members_lie_in_one_folder_and_tell_of_nobody() -> None:
    _, data = packed(whole(10))
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive.getmembers():
            assert member.name.startswith("diagnostics_20260105_150400/")
            assert ".." not in member.name
            assert member.isfile()
            assert (member.uid, member.gid, member.uname, member.gname) == (0, 0, "", "")
            assert member.mode == 0o600
        assert archive.getnames()[0].endswith("/manifest.json")
    assert not data[3] & 0x08, "the head of the gzip file names no file"
    assert gzip.decompress(data)


def test_what_has_no_room_goes_in_the_stated_order_and_is_named() -> None:
    result, data = packed(whole(100_000), most=700_000)
    assert len(data) <= 700_000
    found = manifest(data)
    gone = [one["file"] for one in found["dropped"]]
    assert set(gone) == set(DROPPED_FIRST[: len(gone)])
    assert all("no room" in one["why"] for one in found["dropped"])
    assert found["dropped_first"] == list(DROPPED_FIRST)
    assert {p.file for p in result.pieces if dropped(p)} == set(gone)
    assert len(found["parts"]) + len(gone) == len(TITLES)


def test_no_more_is_left_out_than_must_be() -> None:
    _, data = packed(whole(100_000), most=700_000)
    assert len(data) + 110_000 > 700_000
    assert manifest(packed([Piece("logs.txt", bytes(5_000_000))], most=100_000)[1])["dropped"] == []


def test_health_and_report_are_never_left_out() -> None:
    _, data = packed(whole(30_000), most=100_000)
    assert {part["file"] for part in manifest(data)["parts"]} >= NEVER


def test_where_not_even_they_have_room_it_is_said() -> None:
    with pytest.raises(NotCollected, match="not even the report fits"):
        packed(whole(100_000), most=50_000)


def test_a_reason_in_the_manifest_is_one_line_without_secrets() -> None:
    why = "broke:\nAuthorization: Bearer abcdefghijklmnop1234567890"
    (failed,) = manifest(packed([Piece("env.txt", why=why)])[1])["failed"]
    assert "\n" not in failed["why"]
    assert "abcdef" not in failed["why"]
