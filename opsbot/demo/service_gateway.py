"""The stand-in's Discord session: the log lines of discord.py 2.7.1 and, if wanted, a TCP connection.

Every line of the loggers `discord.*` here is one that discord.py writes at INFO or above, with its
level and wording (client.py: `login`, `connect`; gateway.py: `received_message`, `KeepAliveHandler`).
A close after which it can resume is at DEBUG there, hence nothing here.
"""

import logging
import random
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress

from opsbot.demo.faults import Fault
from opsbot.demo.service_board import Activation

BOT_NAME = "summarizer-ng#1378"
COMMANDS = 12
HEARTBEAT_STEP_SECONDS = 10
"""KeepAliveHandler.run warns each time another 10 s have passed."""
MAX_BACKOFF_EXPONENT = 10
"""discord.py's backoff.py: a uniform delay of up to 2 ** exponent seconds."""
UNREACHABLE = "Cannot connect to host gateway.discord.gg:443 ssl:default [Connection refused]"
CONNECT_TIMEOUT_SECONDS = 5.0
CLOSE_REQUEST = b"GET / HTTP/1.0\r\n\r\n"
"""Asks the peer to hang up first: any HTTP server answers this and closes."""

_client = logging.getLogger("discord.client")
_gateway = logging.getLogger("discord.gateway")
_events = logging.getLogger("src.discord_bot.events")
_commands = logging.getLogger("src.discord_bot.commands")

Address = tuple[str, int]


class GatewaySession:
    """A session with Discord; without an address it is log lines only."""

    def __init__(self, rng: random.Random, address: Address | None) -> None:
        self._rng = rng
        self._address = address
        self._socket: socket.socket | None = None
        self._session = ""
        # Held by whoever changes the session: the login, a fault for as long as it plays, or the
        # answer to a close by the peer.
        self._turn = threading.Lock()

    def start(self) -> None:
        """Log in, and report ready from a thread, which tries until the address answers."""
        _client.info("logging in using static token")
        threading.Thread(target=self._first_connect, name="gateway", daemon=True).start()

    def play(self, activation: Activation) -> None:
        """Show a gateway fault from its beginning to its end. Blocks until a session is back."""
        with self._turn:
            if activation.fault is Fault.GATEWAY_INVALIDATED:
                _gateway.info("Shard ID %s session has been invalidated.", None)
                self._reconnect(self._identified)
                return
            if activation.fault is Fault.GATEWAY_DROP:
                self._ask_peer_to_close()
                activation.ended.wait()
            elif activation.fault is Fault.GATEWAY_BLOCKED:
                _warn_of_blocked_heartbeats(activation.ended)
            else:
                self._close()
                self._fail_to_reconnect(activation.ended)
            self._reconnect(self._resumed)

    def _first_connect(self) -> None:
        with self._turn:
            self._reconnect(self._identified)

    def _identified(self) -> None:
        self._session = f"{self._rng.getrandbits(128):032x}"
        template = "Shard ID %s has connected to Gateway (Session ID: %s)."
        _gateway.info(template, None, self._session)
        _events.info("Bot is ready! Logged in as %s", BOT_NAME)
        _commands.info("Synced %d commands", COMMANDS)

    def _resumed(self) -> None:
        _gateway.info("Shard ID %s has successfully RESUMED session %s.", None, self._session)

    def _reconnect(self, then: Callable[[], None]) -> None:
        """Open a new connection, trying until there is one; then say so."""
        self._close()
        attempt = 0
        while True:
            try:
                self._open()
            except OSError:
                attempt += 1
                time.sleep(self._log_attempt(attempt))
            else:
                then()
                return

    def _fail_to_reconnect(self, ended: threading.Event) -> None:
        attempt = 0
        while not ended.is_set():
            attempt += 1
            try:
                raise ConnectionRefusedError(UNREACHABLE)
            except ConnectionRefusedError:
                delay = self._log_attempt(attempt)
            ended.wait(delay)

    def _log_attempt(self, attempt: int) -> float:
        """Log the exception being handled as Client.connect does; return the delay in seconds."""
        delay = self._rng.uniform(0, 2 ** min(attempt, MAX_BACKOFF_EXPONENT))
        _client.exception("Attempting a reconnect in %.2fs", delay)
        return delay

    def _open(self) -> None:
        if self._address is None:
            return
        self._socket = socket.create_connection(self._address, timeout=CONNECT_TIMEOUT_SECONDS)
        self._socket.settimeout(None)
        threading.Thread(target=self._watch, args=[self._socket], daemon=True).start()

    def _close(self) -> None:
        connection, self._socket = self._socket, None
        if connection is None:
            return
        with suppress(OSError):  # the peer may have reset it
            # Without this the kernel keeps the connection until the watching recv() returns.
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()

    def _ask_peer_to_close(self) -> None:
        if self._socket is not None:
            with suppress(OSError):  # gone already, which is what is asked for
                self._socket.sendall(CLOSE_REQUEST)

    def _watch(self, connection: socket.socket) -> None:
        """Resume when the peer closes, as discord.py does at once.

        While a drop has the turn nobody closes our end, so that it stays in CLOSE_WAIT.
        """
        with suppress(OSError):
            while connection.recv(4096):
                pass
        with self._turn:
            if self._socket is connection:
                self._reconnect(self._resumed)


def _warn_of_blocked_heartbeats(ended: threading.Event) -> None:
    main = threading.main_thread().ident
    blocked = 0
    while not ended.is_set():
        blocked += HEARTBEAT_STEP_SECONDS
        frame = sys._current_frames().get(main or 0)
        stack = "".join(traceback.format_stack(frame)).replace("%", "%%")
        template = (
            "Shard ID %s heartbeat blocked for more than %s seconds."
            f"\nLoop thread traceback (most recent call last):\n{stack}"
        )
        _gateway.warning(template, None, blocked)
        ended.wait(HEARTBEAT_STEP_SECONDS)
