"""What can be read of planted secrets in anything that opsbot gives away."""

from __future__ import annotations

import gzip
import json
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tests.redact.kinds import Planted, pieces
from tests.redact.test_two_hundred import behind_something_in_base64, in_base64


def seen(secrets: Iterable[Planted], texts: Mapping[str, str]) -> list[tuple[str, str]]:
    """(kind, where) of each secret of which a piece can be read somewhere: plain, percent-encoded or in
    Base64."""
    wanted = {piece: secret.kind for secret in secrets for piece in _spelled(secret)}
    sizes = {len(piece) for piece in wanted}
    found = set()
    for name, text in texts.items():
        flat = text.replace("\n", "").replace("\\n", "").replace("\\", "")
        for read in (flat, unquote(flat)):
            for size in sizes:
                grams = {read[at : at + size] for at in range(len(read) - size + 1)}
                found |= {(wanted[piece], name) for piece in grams & wanted.keys()}
    return sorted(found)


def _spelled(secret: Planted) -> set[str]:
    wanted = set(pieces(secret.core))
    for way, before in ((in_base64, 0), (behind_something_in_base64, len("a "))):
        at = before + secret.text.index(secret.core)
        code = way(secret.text)[(at + 2) // 3 * 4 :]
        code = code[: (len(secret.core) - 2) // 3 * 4]
        wanted |= {code[k : k + 16] for k in range(max(0, len(code) - 15))}
    return {piece.replace("\\", "") for piece in wanted} - {""}


def members(bundle: Path) -> dict[str, bytes]:
    """What is in a bundle, by the name within its folder; names that would leave it fail."""
    found = {}
    with tarfile.open(bundle) as archive:
        for member in archive.getmembers():
            folder, _, name = member.name.partition("/")
            assert member.isfile()
            assert folder == bundle.name.removesuffix(".tar.gz") or "attachments" in bundle.parts
            assert name
            assert "/" not in name
            assert ".." not in name
            file = archive.extractfile(member)
            assert file is not None
            found[name] = file.read()
    return found


def texts_of(bundle: Path) -> dict[str, str]:
    """Every member, and the file as a whole: unpacked, with the names and heads in it, and as it is."""
    whole = gzip.decompress(bundle.read_bytes())
    found = {
        f"{bundle.name}/{name}": data.decode("utf-8", "replace") for name, data in members(bundle).items()
    }
    found[f"{bundle.name} unpacked"] = whole.decode("latin-1")
    found[f"{bundle.name} packed"] = bundle.read_bytes().decode("latin-1")
    return found | {"name": bundle.name}


def manifest(bundle: Path) -> dict[str, Any]:
    """Of a bundle."""
    read: dict[str, Any] = json.loads(members(bundle)["manifest.json"])
    return read
