"""Which processes are of a unit: those in its control group, whoever started them."""

from __future__ import annotations

from opsbot.supervisors import _proc

_SYSTEMDS = (b"", b"name=systemd")
"""Hierarchies in which systemd keeps units apart: version 2, and its own of version 1 (cgroups(7))."""


def belongs(pid: int, group: str) -> bool:
    """Whether a process is in a control group, or in one below it."""
    wanted = group.encode()
    return bool(group) and any(
        path == wanted or path.startswith(wanted + b"/") for path in _paths(_proc.read(f"/proc/{pid}/cgroup"))
    )


def members(group: str) -> list[int]:
    """All processes of a control group; looks at every process."""
    return [pid for pid in _proc.pids() if belongs(pid, group)] if group else []


def _paths(raw: bytes) -> list[bytes]:
    fields = [line.split(b":", 2) for line in raw.splitlines()]
    return [path for _, hierarchy, path in fields if hierarchy in _SYSTEMDS]
