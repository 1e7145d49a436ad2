"""Which processes of this host are a container's."""

from __future__ import annotations

import re
from pathlib import PurePath

from opsbot.supervisors import _proc

PROXIES = frozenset({"docker-proxy", "conmon", "rootlessport", "slirp4netns", "pasta"})
"""Programs that hold a published port in the place of the container: Docker's, and podman's."""

_NAMESPACES = re.compile(rb"^NSpid:((?:\s+\d+)+)$", re.MULTILINE)


def is_main(pid: int, container_id: str) -> bool:
    """Whether the pid that an engine names is, here, the container's main process: the engine may count in
    another pid namespace, or on another machine, where that pid is something else or nothing.

    Its cgroup bears the container's id; an engine without cgroups leaves that it is the first process of a
    pid namespace of its own.
    """
    return in_cgroup(pid, container_id) or _first_of_its_namespace(pid)


def belongs(pid: int, main: int, container_id: str) -> bool:
    """Whether a process is inside the container whose main process is `main` (0: it does not run)."""
    if in_cgroup(pid, container_id):
        return True
    while main and pid > 1 and pid != main:
        stat = _proc.stat(pid)
        pid = stat.parent if stat else 0
    return bool(main) and pid == main


def is_proxy(pid: int) -> bool:
    """Whether a process holds ports for containers."""
    return PurePath(_proc.executable(pid) or "").name in PROXIES


def in_cgroup(pid: int, container_id: str) -> bool:
    return container_id.encode() in _proc.read(f"/proc/{pid}/cgroup")


def _first_of_its_namespace(pid: int) -> bool:
    found = _NAMESPACES.search(_proc.read(f"/proc/{pid}/status"))
    numbers = found[1].split() if found else []
    return len(numbers) > 1 and numbers[-1] == b"1"
