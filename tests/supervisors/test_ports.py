"""Who holds a port is told; a foreign holder is left alone."""

from __future__ import annotations

import asyncio
import getpass
import os
import pwd
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from opsbot.domain.process import Holder
from opsbot.supervisors import _ports
from opsbot.supervisors.process import ProcessSupervisor
from tests.supervisors.helpers import Place, by_hand, eventually, needs

LISTENER = """
import socket, sys
host, port = sys.argv[1], int(sys.argv[2])
family = socket.AF_INET6 if ":" in host else socket.AF_INET
server = socket.create_server((host, port), family=family, reuse_port=True)
print(server.getsockname()[1], flush=True)
sys.stdin.read()
"""


@contextmanager
def foreign(host: str = "127.0.0.1", port: int = 0, *before: str) -> Iterator[tuple[int, int]]:
    """Another program listens; yields its pid and its port. `before`: what it is started through."""
    argv = [*before, sys.executable, "-c", LISTENER, host, str(port)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        yield program.pid, int(program.stdout.readline())
        assert program.poll() is None, "it was touched"
        program.communicate()


async def listening(place: Place) -> tuple[ProcessSupervisor, int, int]:
    """A target that listens; its supervisor, pid and port."""
    supervisor = place.supervisor("port")
    running = await supervisor.start(1)
    await eventually(lambda: "ready" in place.text())
    return supervisor, running.process.pid, int(place.text().split()[1])


async def test_a_port_nobody_listens_on_has_no_holder(place: Place) -> None:
    with socket.socket() as unbound:
        unbound.bind(("127.0.0.1", 0))  # bound is not listening
        assert await place.supervisor().port_holder(unbound.getsockname()[1]) is None


async def test_the_targets_own_port_is_ours(place: Place) -> None:
    supervisor, pid, port = await listening(place)
    holder = await supervisor.port_holder(port)
    assert holder is not None
    assert (holder.pid, holder.ours) == (pid, True)


async def test_the_port_of_a_target_started_by_hand_is_ours_too(place: Place) -> None:
    supervisor = place.supervisor("port")
    with place.log.open("ab") as log:
        async with by_hand(place, place.command("port"), stdout=log) as pid:
            assert (await supervisor.find()).running is not None
            await eventually(lambda: "ready" in place.text())
            holder = await supervisor.port_holder(int(place.text().split()[1]))
            assert holder is not None
            assert (holder.pid, holder.ours) == (pid, True)


async def test_the_port_of_a_worker_of_such_a_target_is_ours_too(place: Place) -> None:
    modes = ("spawn", "port")
    supervisor = place.supervisor(*modes)
    with place.log.open("ab") as log:
        async with by_hand(place, place.command(*modes), copies=2, stdout=log):
            assert (await supervisor.find()).running is not None
            await eventually(lambda: place.text().count("ready") == 2)
            words = place.text().split()
            ports = [int(number) for word, number in pairwise(words) if word == "port"]
            holders = [await supervisor.port_holder(port) for port in ports]
            assert [holder.ours for holder in holders if holder] == [True, True]


async def test_a_foreign_holder_is_named_and_survives_starts_stops_and_sweeps(place: Place) -> None:
    with foreign() as (pid, port):
        supervisor = place.supervisor()
        for generation in range(3):
            holder = await supervisor.port_holder(port)
            assert holder is not None
            assert (holder.pid, holder.ours, holder.user) == (pid, False, getpass.getuser())
            assert Path(holder.executable) == Path(os.path.realpath(sys.executable))
            assert str(pid) in str(holder)
            assert await supervisor.sweep((port,)) == 0
            await supervisor.stop(await supervisor.start(generation), 10.0)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "0.0.0.0"])
async def test_of_several_holders_the_foreign_one_is_named(place: Place, host: str) -> None:
    """They share the port (SO_REUSEPORT), or have one address each: the foreign one is in the way."""
    supervisor, _, port = await listening(place)
    with foreign(host, port) as (pid, _):
        holder = await supervisor.port_holder(port)
        assert holder is not None
        assert (holder.pid, holder.ours) == (pid, False)


def test_a_holder_that_may_not_be_read_is_named_as_far_as_it_is_known() -> None:
    needs(os.geteuid() == 0, "only root can look as another user does")
    with foreign() as (_, port):
        os.seteuid(pwd.getpwnam("daemon").pw_uid)
        try:
            holder = _ports.holder(port, lambda _pid: False)
        finally:
            os.seteuid(0)
    assert holder == Holder(0, "", "root")
    assert str(holder) == "a process that cannot be read of user root"


def test_one_that_may_not_be_read_is_not_hidden_by_the_target_itself() -> None:
    needs(os.geteuid() == 0, "only root can look as another user does")
    with foreign() as (_, port), socket.create_server(("127.0.0.2", port)):
        os.seteuid(pwd.getpwnam("daemon").pw_uid)
        try:
            holder = _ports.holder(port, lambda pid: pid == os.getpid())
        finally:
            os.seteuid(0)
    assert holder == Holder(0, "", "root")


async def test_a_holder_in_another_network_is_in_nobodys_way(place: Place) -> None:
    """A container listens on the same number: another one."""
    unshare = ("unshare", "--net")
    trial = await asyncio.create_subprocess_exec(*unshare, "true", stderr=subprocess.DEVNULL)
    needs(await trial.wait() == 0, "no network namespace can be made here: this needs root and unshare(1)")
    with foreign("0.0.0.0", 0, *unshare) as (_, port):
        assert await place.supervisor().port_holder(port) is None


async def test_ipv6_is_looked_at_too(place: Place) -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        holder = await place.supervisor().port_holder(server.getsockname()[1])
        assert holder is not None
        assert holder.pid == os.getpid()
