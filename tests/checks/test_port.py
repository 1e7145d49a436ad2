"""The port check, with real listeners."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from opsbot.checks import _tcp
from opsbot.domain.levels import Outcome
from tests.checks.support import build, child, context, identity, look, only

LISTENER = """
import socket, sys
s = socket.socket(socket.AF_INET6 if sys.argv[1] == "6" else socket.AF_INET)
s.bind(("::1" if sys.argv[1] == "6" else "127.0.0.1", int(sys.argv[2]))); s.listen()
print("up", flush=True); sys.stdin.read()
"""
PARENT = """
import subprocess, sys
subprocess.run([sys.executable, "-c", sys.argv[1], *sys.argv[2:]], stdin=sys.stdin)
"""


@contextmanager
def free_port(family: socket.AddressFamily = socket.AF_INET) -> Iterator[int]:
    """A port that nobody else gets: bound, not listening, and open to be bound once more."""
    with socket.socket(family) as reserved:
        reserved.bind(("::1" if family is socket.AF_INET6 else "127.0.0.1", 0))
        port = reserved.getsockname()[1]
    yield port


async def test_the_targets_own_port_is_told_as_in_the_guides_report() -> None:
    with free_port() as port, child("4", str(port), code=LISTENER) as target:
        me = identity(target.pid)
        seen = await look("port", context(lambda: me), port=port)
    assert seen.outcome is Outcome.OK
    assert (only(seen).label, only(seen).text) == (f"Port {port}", "Webhook API listening")
    assert seen.metrics == {"port_listening": 1.0}


async def test_a_child_of_the_target_may_hold_the_port() -> None:
    with free_port() as port, child(LISTENER, "4", str(port), code=PARENT) as target:
        me = identity(target.pid)
        seen = await look("port", context(lambda: me), port=port)
    assert "held by the target" in seen.detail


async def test_a_foreign_holder_is_named() -> None:
    with free_port() as port, child("4", str(port), code=LISTENER) as foreign, child() as target:
        me = identity(target.pid)
        seen = await look("port", context(lambda: me), port=port)
    assert seen.outcome is Outcome.FAIL
    assert seen.metrics == {"port_listening": 0.0}
    assert f"(PID {foreign.pid}, user " in only(seen).text
    assert "python" in only(seen).text


async def test_a_holder_is_named_when_the_target_is_not_known() -> None:
    with free_port() as port, child("4", str(port), code=LISTENER) as somebody:
        seen = await look("port", port=port)
    assert seen.outcome is Outcome.OK
    assert f"PID {somebody.pid}" in seen.detail


async def test_nobody_listening_fails() -> None:
    with free_port() as port:
        seen = await look("port", port=port)
    assert (seen.outcome, only(seen).text) == (Outcome.FAIL, "nothing listens")


async def test_a_listener_on_ipv6_counts() -> None:
    try:
        with free_port(socket.AF_INET6) as port, child("6", str(port), code=LISTENER):
            seen = await look("port", port=port)
    except OSError:
        pytest.skip("no IPv6 on this machine")
    assert seen.outcome is Outcome.OK


async def test_a_port_that_changes_hands_is_noticed_at_the_next_look() -> None:
    with free_port() as port:
        with child("4", str(port), code=LISTENER) as target:
            me = identity(target.pid)
            check = build("port", context(lambda: me), port=port)
            assert (await check.look()).outcome is Outcome.OK
            assert (await check.look()).outcome is Outcome.OK
        assert (await check.look()).outcome is Outcome.FAIL
        with child("4", str(port), code=LISTENER):
            seen = await check.look()
        await check.close()
    assert "which is not the target" in only(seen).text


async def test_where_the_kernels_table_is_not_readable_a_connection_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(port: int, pid: int | None = None) -> list[_tcp.Socket]:
        raise _tcp.Unreadable("there is no table of sockets on this system")

    monkeypatch.setattr(_tcp, "listeners", unreadable)
    with free_port() as port:
        assert (await look("port", port=port)).outcome is Outcome.FAIL
        with child("4", str(port), code=LISTENER):
            seen = await look("port", port=port)
    assert seen.outcome is Outcome.OK
    assert "by whom is not known" in seen.detail
