"""The folders of targets in the state directory: each stays what it is when its target gets another name.

A keeper writes into its target's folder for as long as the target runs, so the folder is never moved: a small
file in it says whose it is, and which service that is. Without one a folder belongs to the target it is named
like. Everything here blocks for a moment, and is done at a start or a reload.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

OWNER = "owner"
"""Name of the file that says whose a folder is."""

LEFT = "left"
"""Name of the mark on the folder of a target that is no longer configured: what it has on record may be
taken for another target by a person. (`opsbot.supervisors` reads it too.)"""

FORMER = "former"
"""No target can be called so."""


@dataclass(frozen=True, slots=True)
class Owner:
    """`service`: digest of what the target's service is known by, empty when nothing is."""

    name: str
    service: str = ""


class Folders:
    """The folders under `targets` in a state directory."""

    def __init__(self, state_dir: Path) -> None:
        self._root = state_dir / "targets"

    def of(self, target: str) -> Path:
        """A target's folder, which may not be there yet."""
        found = next((path for path, owner in self._owners() if owner.name == target), None)
        return found or self._free(target)

    def renames(self, services: Mapping[str, str]) -> dict[str, str]:
        """Old → new names, by the services of the targets that are configured now: a folder whose target is
        gone, and a target without a folder, of one service. Not where two could be meant."""
        owners = [owner for _, owner in self._owners()]
        known = {owner.name for owner in owners}
        gone = {o.name: o.service for o in owners if o.name not in services and o.service}
        come = {name: service for name, service in services.items() if name not in known and service}
        left, new_ones = Counter(gone.values()), Counter(come.values())
        return {
            old: new
            for old, service in gone.items()
            for new, other in come.items()
            if service == other and left[service] == new_ones[service] == 1
        }

    def rename(self, old: str, new: str) -> None:
        """The folder of `old` is `new`'s from now on, at once; one that `new` had long ago is nobody's."""
        path = self.of(old)
        if not path.is_dir():  # not this far, or done already
            return
        for other, owner in self._owners():
            if owner.name == new and other != path:
                _write(other / OWNER, Owner(f"{new} ({FORMER})"))
        known = _owner(path)
        _write(path / OWNER, Owner(new, known.service if known else ""))

    def claim(self, target: str, service: str) -> Path:
        """A target's folder, made (0700) when it is missing, with its service written down."""
        path = self.of(target)
        for folder in (self._root.parent, self._root, path):  # `parents` would follow the umask
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _owner(path) != Owner(target, service):
            _write(path / OWNER, Owner(target, service))
        return path

    def settle(self, targets: Sequence[str]) -> None:
        """Marks the folders of targets that are not among these, and no others."""
        for path, owner in self._owners():
            with suppress(OSError):
                if owner.name in targets:
                    (path / LEFT).unlink(missing_ok=True)
                else:
                    (path / LEFT).touch(mode=0o600)

    def _owners(self) -> Iterator[tuple[Path, Owner]]:
        with suppress(OSError):
            for path in sorted(self._root.iterdir()):
                if path.is_dir():
                    yield path, _owner(path) or Owner(path.name)

    def _free(self, target: str) -> Path:
        """A folder of that name, or with a number where another target has that one."""
        number, path = 1, self._root / target
        while path.exists():
            number += 1
            path = self._root / f"{target}.{number}"
        return path


def service_digest(identity: Sequence[str]) -> str:
    """What stands in the file for a service: a command line may hold what is nobody's business."""
    return hashlib.sha256("\0".join(identity).encode(errors="replace")).hexdigest() if identity else ""


def _owner(path: Path) -> Owner | None:
    try:
        entry = json.loads((path / OWNER).read_bytes())
        return Owner(str(entry["name"]), str(entry["service"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(path: Path, owner: Owner) -> None:
    """A full disk must not keep a service down: without the file the folder's name counts."""
    fresh = path.with_suffix(".new")
    with suppress(OSError):
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump({"name": owner.name, "service": owner.service}, file)
        fresh.replace(path)
