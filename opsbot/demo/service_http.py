"""A small HTTP/1.1 server on threads: one request a connection.

`http.server` would do, but importing it takes longer than the whole service needs to start, and the
service is restarted before a watcher's eyes.
"""

import json
import socket
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import BinaryIO, NamedTuple

READ_TIMEOUT_SECONDS = 10.0
MAX_LINE_BYTES = 8192
MAX_HEADERS = 100
MAX_BODY_BYTES = 1024 * 1024
ACCEPT_RETRY_SECONDS = 0.05
"""Pause after a failed accept (file descriptors exhausted), so that it does not spin."""


class BadRequestError(Exception):
    """What the client sent is not a request that can be read."""


class Request(NamedTuple):
    """One request; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    client_gone: Callable[[], bool]


class Response(NamedTuple):
    """A JSON answer; `after` runs once it is sent and the connection closed."""

    status: HTTPStatus
    body: object
    after: Callable[[], None] | None = None


Handler = Callable[[Request], Response | None]
"""None closes the connection without an answer."""


class HttpServer:
    """Listens from its construction on; answers from `start()` on."""

    def __init__(self, host: str, port: int, handler: Handler) -> None:
        """Raise OSError when the address is taken. Port 0: the system chooses, see `port`."""
        self._handler = handler
        self._closing = threading.Event()
        self._listener = socket.create_server((host, port), backlog=128)
        self.port: int = self._listener.getsockname()[1]

    def start(self) -> None:
        """Accept connections in a thread of its own."""
        threading.Thread(target=self._accept, name="http", daemon=True).start()

    def close(self) -> None:
        """Stop listening; connections that are open are left to their threads."""
        self._closing.set()
        self._listener.close()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                self._closing.wait(ACCEPT_RETRY_SECONDS)
                continue
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        response: Response | None = None
        with connection:
            connection.settimeout(READ_TIMEOUT_SECONDS)
            try:
                response = self._answer(connection)
                if response is not None:
                    connection.sendall(_render(response))
            except OSError:
                pass  # the client went away or never finished its request
        if response is not None and response.after is not None:
            response.after()

    def _answer(self, connection: socket.socket) -> Response | None:
        try:
            with connection.makefile("rb") as stream:
                request = _read(stream, lambda: _client_gone(connection))
        except BadRequestError as error:
            return Response(HTTPStatus.BAD_REQUEST, {"detail": str(error)})
        return self._handler(request)


def _read(stream: BinaryIO, client_gone: Callable[[], bool]) -> Request:
    parts = _line(stream).split(" ")
    if len(parts) != 3:
        raise BadRequestError("The request line is malformed.")
    headers = _headers(stream)
    length = headers.get("content-length", "0")
    if not length.isascii() or not length.isdigit() or int(length) > MAX_BODY_BYTES:
        raise BadRequestError("The body's length is malformed or too large.")
    body = stream.read(int(length))
    return Request(parts[0], parts[1].partition("?")[0], headers, body, client_gone)


def _headers(stream: BinaryIO) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(MAX_HEADERS):
        line = _line(stream)
        if not line:
            return headers
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    raise BadRequestError("There are too many headers.")


def _line(stream: BinaryIO) -> str:
    line = stream.readline(MAX_LINE_BYTES)
    if not line.endswith(b"\n"):
        raise BadRequestError("The request ends in the middle of a line, or the line is too long.")
    return line.decode("latin-1").rstrip("\r\n")


def _client_gone(connection: socket.socket) -> bool:
    # Not MSG_DONTWAIT: with a timeout set, Python waits for something to read before it asks.
    connection.settimeout(0)
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        connection.settimeout(READ_TIMEOUT_SECONDS)


def _render(response: Response) -> bytes:
    body = json.dumps(response.body).encode()
    head = (
        f"HTTP/1.1 {response.status.value} {response.status.phrase}\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + body
