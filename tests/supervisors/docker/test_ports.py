"""Who holds a port: the container, its engine for it, or somebody else."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from opsbot.domain.process import Holder
from opsbot.supervisors.base import Supervisor
from tests.bound import BOUND
from tests.supervisors.docker.between import Between
from tests.supervisors.docker.box import Box, as_nobody


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


async def held(supervisor: Supervisor, port: int) -> Holder:
    """Who listens there, once somebody does."""
    ends = asyncio.get_running_loop().time() + BOUND
    while (holder := await supervisor.port_holder(port)) is None:
        assert asyncio.get_running_loop().time() < ends, "nobody ever listened"
        await asyncio.sleep(0.01)
    return holder


@contextmanager
def listening(program: str, port: int, folder: Path) -> Iterator[int]:
    """A program of that name listens on a port of this machine."""
    copy = folder / program
    shutil.copy(shutil.which("busybox") or "busybox", copy)
    process = subprocess.Popen(["nc", "-l", "-p", str(port)], executable=copy)
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()


def publishing(between: Between, box: Box, port: int) -> None:
    """The engine says that it leads a port of the host into the container."""
    ports = {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": str(port)}]}
    between.rewrite(f"GET .*/{box.name}/json", lambda said: {**said, "NetworkSettings": {"Ports": ports}})


async def test_a_port_that_nobody_holds_is_free(box: Box) -> None:
    assert await box.create().supervisor().port_holder(free_port()) is None


async def test_a_port_held_inside_the_container_is_ours(box: Box) -> None:
    port = free_port()
    program = f"nc -l -p {port} & wait"
    supervisor = box.create("sh", "-c", program, box.name, NetworkMode="host").supervisor()
    await supervisor.start(1)
    holder = await held(supervisor, port)
    assert holder.ours
    assert holder.executable.endswith("busybox")


async def test_a_foreign_process_on_the_port_is_named(box: Box, tmp_path: Path) -> None:
    supervisor, port = box.create().supervisor(), free_port()
    await supervisor.start(1)
    with listening("other-service", port, tmp_path) as pid:
        holder = await held(supervisor, port)
    assert (holder.pid, holder.ours) == (pid, False)
    assert holder.executable.endswith("other-service")


async def test_the_engines_proxy_on_a_published_port_is_ours(
    box: Box, between: Between, tmp_path: Path
) -> None:
    supervisor, port = box.create().supervisor(between.url), free_port()
    await supervisor.start(1)
    publishing(between, box, port)
    with listening("docker-proxy", port, tmp_path):
        assert (await held(supervisor, port)).ours


async def test_a_proxy_that_only_root_may_look_into_is_ours_on_a_published_port(
    box: Box, between: Between, tmp_path: Path
) -> None:
    supervisor, port = box.create().supervisor(between.url), free_port()
    await supervisor.start(1)
    publishing(between, box, port)
    between.let_everybody_in()
    with listening("docker-proxy", port, tmp_path):
        await held(supervisor, port)
        with as_nobody():  # in the group `docker`, and not root
            holder = await supervisor.port_holder(port)
    assert holder is not None
    assert (holder.pid, holder.user, holder.ours) == (0, "root", True)


async def test_another_program_on_a_published_port_is_not_ours(
    box: Box, between: Between, tmp_path: Path
) -> None:
    supervisor, port = box.create().supervisor(between.url), free_port()
    await supervisor.start(1)
    publishing(between, box, port)
    with listening("other-service", port, tmp_path):
        assert not (await held(supervisor, port)).ours


async def test_the_container_behind_a_foreign_proxy_is_named(
    box: Box, between: Between, tmp_path: Path
) -> None:
    supervisor, port = box.create().supervisor(between.url), free_port()

    def other(_said: Any) -> Any:
        entry = {"Id": "c0ffee", "Names": ["/web"], "Ports": [{"PublicPort": port, "Type": "tcp"}]}
        return [{"Id": "beef", "Names": ["/db"], "Ports": None}, entry]

    between.rewrite("GET .*/containers/json", other)
    with listening("docker-proxy", port, tmp_path):
        holder = await held(supervisor, port)
    assert not holder.ours
    assert holder.executable.endswith("docker-proxy for container web")


async def test_a_foreign_process_is_named_without_the_engine_too(box: Box, tmp_path: Path) -> None:
    supervisor, port = box.supervisor("unix:///nonexistent/docker.sock"), free_port()
    for program in ("other-service", "docker-proxy"):
        with listening(program, port, tmp_path) as pid:
            holder = await held(supervisor, port)
        assert (holder.pid, holder.ours) == (pid, False)


async def test_an_engine_leaves_nothing_behind_to_sweep(box: Box) -> None:
    supervisor: Supervisor = box.create().supervisor()
    await supervisor.start(1)
    assert await supervisor.sweep([free_port()]) == 0
    assert supervisor.own_log() is None
    assert box.pids()
