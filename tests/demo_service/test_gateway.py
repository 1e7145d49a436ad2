"""The stand-in's Discord session: in the log as discord.py would write it, and on its sockets."""

import ast
import importlib.util
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.demo_service.conftest import Start
from tests.demo_service.stand_in import StandIn, until

READY = "Synced .* commands"
RESUMED = "discord.gateway - INFO - Shard ID None has successfully RESUMED session"
LEVELS = {"info": "INFO", "warning": "WARNING", "error": "ERROR", "exception": "ERROR"}


class Peer:
    """The far end: hangs up on whoever says a word, as a web server does after its answer."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._connections.append(connection)
                threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):
            connection.recv(1024)
            connection.close()

    def hang_up(self) -> None:
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()
        for connection in self._connections:
            connection.close()

    def states_seen_from(self, service: StandIn) -> list[str]:
        """The states of the service's connections to this peer."""
        connections = service.ps.net_connections("tcp")
        return [c.status for c in connections if c.raddr and c.raddr.port == self.port]


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    yield peer
    peer.close()


@pytest.fixture
def connected(start: Start, peer: Peer) -> StandIn:
    service = start("--gateway", f"127.0.0.1:{peer.port}", "--seed", "1")
    service.wait_for(READY)
    return service


def discord_lines(text: str) -> list[tuple[str, str]]:
    """(level, message) of the lines of discord.py's loggers."""
    return re.findall(r"^\S+ \S+ - discord\.\w+ - (\w+) - (.*)$", text, re.MULTILINE)


def test_a_drop_shows_on_the_sockets_and_not_in_the_log(connected: StandIn, peer: Peer) -> None:
    assert peer.states_seen_from(connected) == [psutil.CONN_ESTABLISHED]
    before = discord_lines(connected.text())
    connected.fault("gateway-drop")
    until(lambda: peer.states_seen_from(connected) == [psutil.CONN_CLOSE_WAIT], "CLOSE_WAIT")
    assert connected.health().body["status"] == "healthy"
    assert discord_lines(connected.text()) == before
    connected.fault("gateway-recover")
    connected.wait_for(RESUMED)
    until(lambda: peer.states_seen_from(connected) == [psutil.CONN_ESTABLISHED], "ESTABLISHED")


def test_a_close_by_the_peer_is_resumed_at_once(connected: StandIn, peer: Peer) -> None:
    peer.hang_up()
    connected.wait_for(RESUMED)
    until(lambda: peer.states_seen_from(connected) == [psutil.CONN_ESTABLISHED], "ESTABLISHED")


def test_without_an_address_a_drop_ends_with_its_time(service: StandIn) -> None:
    service.wait_for(READY)
    service.fault("gateway-drop", seconds=0.05)
    service.wait_for(RESUMED)


def test_a_blocked_heartbeat_is_warned_about(service: StandIn) -> None:
    service.fault("gateway-blocked")
    blocked = "Shard ID None heartbeat blocked for more than 10 seconds."
    trace = r"Loop thread traceback \(most recent call last\):\n  File"
    service.wait_for(rf"discord.gateway - WARNING - {blocked}\n{trace}")
    assert service.health().status == 200
    service.fault("ok")
    service.wait_for(RESUMED)


def test_an_unreachable_gateway_is_tried_again(connected: StandIn, peer: Peer) -> None:
    connected.fault("gateway-reconnecting")
    connected.wait_for(r"discord.client - ERROR - Attempting a reconnect in \d+\.\d\ds\nTraceback")
    assert peer.states_seen_from(connected) == []
    connected.fault("gateway-recover")
    connected.wait_for(RESUMED)


def test_an_invalidated_session_is_replaced(service: StandIn) -> None:
    service.wait_for(READY)
    before = len(service.text())
    service.fault("gateway-invalidated")
    service.wait_for("INFO - Shard ID None session has been invalidated.", before)
    service.wait_for("has connected to Gateway", before)
    service.wait_for("Bot is ready!", before)


def test_another_gateway_fault_takes_the_place_of_the_first(service: StandIn) -> None:
    service.fault("gateway-drop")
    service.fault("gateway-reconnecting")
    service.wait_for("Attempting a reconnect")
    service.fault("gateway-recover")
    service.wait_for(RESUMED, service.text().index("Attempting"))


def test_a_gateway_that_is_not_there_is_tried_from_the_start(start: Start, peer: Peer) -> None:
    peer.close()
    service = start("--gateway", f"127.0.0.1:{peer.port}")
    service.wait_for(r"Attempting a reconnect in .*\n(.*\n)+ConnectionRefusedError")
    assert service.health().status == 200
    assert "has connected" not in service.text()


def texts_of_discord_py() -> list[tuple[str, re.Pattern[str]]]:
    """(level, message) of what its client and gateway log at INFO and above, from its source."""
    spec = importlib.util.find_spec("discord")
    assert spec is not None
    assert spec.origin is not None
    found: list[tuple[str, re.Pattern[str]]] = []
    for name in ("client.py", "gateway.py"):
        tree = ast.parse((Path(spec.origin).parent / name).read_text("utf-8"))
        found += [text for node in ast.walk(tree) for text in _logged(node)]
    return found


def _logged(node: ast.AST) -> Iterator[tuple[str, re.Pattern[str]]]:
    match node:
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="_log"), attr=level),
            args=[ast.Constant(value=str(text)), *_],
        ) if level in LEVELS:
            yield LEVELS[level], _pattern(text)
        case ast.AnnAssign(target=ast.Attribute(attr="block_msg"), value=ast.Constant(value=str(text))):
            yield "WARNING", _pattern(text)


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"%\.\d+f|%[sd]", template)
    return re.compile(".*".join(re.escape(part) for part in parts))


def test_every_discord_line_is_one_that_discord_py_writes(service: StandIn) -> None:
    for fault, shows in [
        ("gateway-invalidated", "invalidated"),
        ("gateway-reconnecting", "Attempting"),
        ("gateway-blocked", "blocked"),
        ("gateway-recover", "RESUMED"),
    ]:
        service.wait_for(READY)
        service.fault(fault)
        service.wait_for(shows)
    lines = discord_lines(service.text())
    assert len({message.split("None")[-1][:12] for _, message in lines}) >= 6
    known = texts_of_discord_py()
    strange = [
        line
        for line in lines
        if not any(level == line[0] and text.fullmatch(line[1]) for level, text in known)
    ]
    assert strange == []
