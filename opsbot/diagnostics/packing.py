"""Parts become one `tar.gz` with a manifest, which is small enough to be sent: what has no room is left out,
in a stated order, and the manifest says so."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import IO, Any

from opsbot.diagnostics.base import DROPPED_FIRST, MANIFEST, TITLES, NotCollected, Piece
from opsbot.text import bytes_text, one_line

LEVEL = 6
HEADERS = 1024
"""Bytes that a part costs at most beside its own."""

SPARE = 16 * 1024
"""Bytes for manifest and ends."""

_REASON = 300
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Packed:
    """What came of it. `wall`: its time; `pieces`: all, those without data were left out."""

    wall: float
    size: int
    sha256: str
    pieces: tuple[Piece, ...]


def folder_of(wall: float) -> str:
    """The guide's `diagnostics_YYYYMMDD_HHMMSS`, in UTC."""
    return f"diagnostics_{datetime.fromtimestamp(wall, UTC):%Y%m%d_%H%M%S}"


def pack(
    wall: float,
    pieces: Sequence[Piece],
    about: dict[str, Any],
    most: int,
    out: io.BufferedRandom | io.BytesIO,
) -> Packed:
    """Writes the file to `out` (at its beginning). `about`: what else the manifest says; `wall`: when.

    Raises:
        NotCollected: not even what is never left out has room.
        OSError: it cannot be written.
    """
    kept = _fitting(list(pieces), most)
    while True:
        out.seek(0)
        out.truncate()
        _write(out, wall, kept, about, most)
        size = out.tell()
        if size <= most:
            out.seek(0)
            digest = hashlib.file_digest(out, "sha256").hexdigest()
            return Packed(wall, size, digest, tuple(kept))
        if not _drop_one(kept, most):
            raise NotCollected(f"not even the report fits into {bytes_text(most)}: raise diagnostics.max_mb")


def _fitting(pieces: list[Piece], most: int) -> list[Piece]:
    """Left out until it should fit, by what each part packs to by itself."""
    sizes = {p.file: len(zlib.compress(p.data, LEVEL)) + HEADERS for p in pieces if not p.why}
    while SPARE + sum(sizes[p.file] for p in pieces if not p.why) > most:
        if not _drop_one(pieces, most):
            break
    return pieces


def _drop_one(pieces: list[Piece], most: int) -> bool:
    for file in DROPPED_FIRST:
        for at, piece in enumerate(pieces):
            if piece.file == file and not piece.why:
                why = (
                    f"no room: a bundle may have {bytes_text(most)}, this part has {len(piece.data):,} bytes"
                )
                pieces[at] = replace(piece, data=b"", why=why, note="dropped")
                return True
    return False


def dropped(piece: Piece) -> bool:
    """Whether it was there and had no room."""
    return bool(piece.why) and piece.note == "dropped"


def _write(out: IO[bytes], wall: float, pieces: Sequence[Piece], about: dict[str, Any], most: int) -> None:
    folder = folder_of(wall)
    manifest = json.dumps(_manifest(wall, pieces, about, most), indent=2, ensure_ascii=False).encode()
    with (
        gzip.GzipFile(filename="", mode="wb", compresslevel=LEVEL, fileobj=out, mtime=wall) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for file, data in [(MANIFEST, manifest), *((p.file, p.data) for p in pieces if not p.why)]:
            member = tarfile.TarInfo(f"{folder}/{file}")  # nobody's, so that it tells of nobody
            member.size, member.mtime, member.mode = len(data), int(wall), 0o600
            archive.addfile(member, io.BytesIO(data))


def _manifest(wall: float, pieces: Sequence[Piece], about: dict[str, Any], most: int) -> dict[str, Any]:
    there = [piece for piece in pieces if not piece.why]
    return {
        "format": FORMAT,
        "made": f"{datetime.fromtimestamp(wall, UTC):%Y-%m-%dT%H:%M:%SZ}",
        **about,
        "max_bytes": most,
        "parts": [_part(piece) for piece in there],
        "failed": [_missing(p) for p in pieces if p.why and not dropped(p)],
        "dropped": [_missing(p) for p in pieces if dropped(p)],
        "dropped_first": list(DROPPED_FIRST),
        "hidden_in_all": sum(sum(piece.hidden.values()) for piece in there),
    }


def _part(piece: Piece) -> dict[str, Any]:
    found: dict[str, Any] = {
        "file": piece.file,
        "title": TITLES[piece.file],
        "bytes": len(piece.data),
        "sha256": hashlib.sha256(piece.data).hexdigest(),
        "hidden": dict(sorted(piece.hidden.items())),
        "seconds": round(piece.seconds, 3),
    }
    return found | ({"note": piece.note} if piece.note else {})


def _missing(piece: Piece) -> dict[str, str]:
    return {"file": piece.file, "title": TITLES[piece.file], "why": one_line(piece.why, _REASON)}
