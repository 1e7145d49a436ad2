"""Who holds a port is told; a foreign holder is left alone."""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
import sys
from pathlib import Path

from tests.supervisors.helpers import Place, eventually

LISTENER = """
import socket, sys
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
sys.stdin.read()
"""


async def test_a_port_nobody_listens_on_has_no_holder(place: Place) -> None:
    with socket.socket() as unbound:
        unbound.bind(("127.0.0.1", 0))  # bound is not listening
        assert await place.supervisor().port_holder(unbound.getsockname()[1]) is None


async def test_the_targets_own_port_is_ours(place: Place) -> None:
    supervisor = place.supervisor("port")
    running = await supervisor.start(1)
    await eventually(lambda: "ready" in place.text())
    holder = await supervisor.port_holder(int(place.text().split()[1]))
    assert holder is not None
    assert (holder.pid, holder.ours) == (running.process.pid, True)


async def test_a_foreign_holder_is_named_and_survives_starts_and_stops(place: Place) -> None:
    argv = [sys.executable, "-c", LISTENER]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as foreign:
        assert foreign.stdout is not None
        port = int(foreign.stdout.readline())
        supervisor = place.supervisor()
        for generation in range(3):
            holder = await supervisor.port_holder(port)
            assert holder is not None
            assert (holder.pid, holder.ours, holder.user) == (foreign.pid, False, getpass.getuser())
            assert Path(holder.executable) == Path(os.path.realpath(sys.executable))
            assert str(foreign.pid) in str(holder)
            await supervisor.stop(await supervisor.start(generation), 10.0)
        assert foreign.poll() is None
        foreign.communicate()


async def test_ipv6_is_looked_at_too(place: Place) -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        holder = await place.supervisor().port_holder(server.getsockname()[1])
        assert holder is not None
        assert holder.pid == os.getpid()
