"""How much memory a process may have: the machine's, or its cgroup's when that is less."""

from __future__ import annotations

from pathlib import Path

import psutil

_CGROUPS = Path("/sys/fs/cgroup")


def memory_limit(pid: int) -> int:
    """Bytes: the least of the machine's memory and the limits of the process's cgroup and of those above
    it (v2 `memory.max`, v1 `memory.limit_in_bytes`)."""
    total = int(psutil.virtual_memory().total)
    return min([total, *(limit for file in _limit_files(pid) if (limit := _number(file)))])


def _limit_files(pid: int) -> list[Path]:
    try:
        lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    except OSError:
        return []
    files = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            files += _upwards(_CGROUPS, path, "memory.max")
        elif "memory" in controllers.split(","):
            files += _upwards(_CGROUPS / "memory", path, "memory.limit_in_bytes")
    return files


def _upwards(root: Path, path: str, name: str) -> list[Path]:
    folder = root / path.lstrip("/")
    return [above / name for above in (folder, *folder.parents) if above.is_relative_to(root)]


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):  # "max": no limit
        return None
