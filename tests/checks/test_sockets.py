"""The sockets check, with real connections."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from opsbot.checks.base import Check
from opsbot.domain.levels import Outcome
from opsbot.domain.sample import Observation
from tests.bound import BOUND
from tests.checks.support import build, child, context, identity, look, only

CLIENT = """
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
print("up", flush=True); sys.stdin.read()
"""


@contextmanager
def gateway() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


async def look_until(check: Check, outcome: Outcome) -> Observation:
    """Looks until the kernel has told both ends."""
    async with asyncio.timeout(BOUND):
        while (seen := await check.look()).outcome is not outcome:  # noqa: ASYNC110 - the kernel's doing
            await asyncio.sleep(0)
    return seen


async def test_an_open_connection_is_fine_and_a_closed_one_fails_after_some_looks() -> None:
    with gateway() as server:
        port = server.getsockname()[1]
        with child(str(port), code=CLIENT) as target:
            me = identity(target.pid)
            check = build("sockets", context(lambda: me), remote_port=port)
            peer, _ = server.accept()
            opened = await check.look()
            peer.close()
            outcomes: list[Outcome] = []
            async with asyncio.timeout(BOUND):
                while not outcomes or outcomes[-1] is not Outcome.FAIL:
                    outcomes.append((await check.look()).outcome)
            closed = await check.look()
            await check.close()
    assert opened.outcome is Outcome.OK
    assert opened.metrics == {"sockets_established": 1.0, "sockets_close_wait": 0.0}
    assert outcomes[-3:] == [Outcome.DEGRADED, Outcome.DEGRADED, Outcome.FAIL]
    assert closed.metrics == {"sockets_established": 0.0, "sockets_close_wait": 1.0}
    assert "closed by the other side" in only(closed).text


async def test_a_new_connection_ends_the_failure() -> None:
    code = CLIENT.replace(
        "sys.stdin.read()", "sys.stdin.readline(); " + CLIENT.split("\n")[2] + "; sys.stdin.read()"
    )
    with gateway() as server:
        port = server.getsockname()[1]
        with child(str(port), code=code) as target:
            me = identity(target.pid)
            check = build("sockets", context(lambda: me), remote_port=port, samples=1)
            server.accept()[0].close()
            dead = await look_until(check, Outcome.FAIL)
            assert target.stdin is not None
            target.stdin.write(b"\n")
            target.stdin.flush()
            peer, _ = server.accept()
            alive = await look_until(check, Outcome.OK)
            peer.close()
            await check.close()
    assert (dead.outcome, alive.outcome) == (Outcome.FAIL, Outcome.OK)


async def test_the_connection_of_a_child_counts() -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', *sys.argv[1:]], stdin=sys.stdin)"
    with gateway() as server:
        port = server.getsockname()[1]
        with child(CLIENT, str(port), code=code) as target:
            me = identity(target.pid)
            seen = await look("sockets", context(lambda: me), remote_port=port)
    assert seen.metrics["sockets_established"] == 1


async def test_a_target_that_never_connected_is_unknown() -> None:
    with child() as target:
        me = identity(target.pid)
        seen = await look("sockets", context(lambda: me), samples=1)
    assert seen.outcome is Outcome.UNKNOWN


async def test_without_a_known_process_nothing_can_be_said() -> None:
    assert (await look("sockets")).outcome is Outcome.UNKNOWN
