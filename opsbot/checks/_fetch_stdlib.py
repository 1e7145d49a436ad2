"""HTTP requests of a command that looks once: `http.client` in a thread, 20 ms to import."""

from __future__ import annotations

import asyncio
import http.client
import socket
import threading
from contextlib import suppress
from urllib.parse import SplitResult, urlsplit

from opsbot.checks._address import AddressRefused, resolve
from opsbot.checks._fetch import (
    BODY_LIMIT,
    NOT_VALID,
    Failure,
    Request,
    Response,
    headers_of,
    no_answer,
    reason_of,
    unpacked,
)
from opsbot.clock import Clock

_Answer = tuple[int, dict[str, str], bytes]


class StdlibFetcher:
    """A thread for each request; one that is late has its connection shut and ends."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def fetch(self, request: Request) -> Response | Failure:
        """One request."""
        begun = self._clock.now()
        try:
            call = _Call(request)
        except ValueError as error:
            return Failure(_reason(error))
        try:
            async with asyncio.timeout(request.timeout):
                answer = await call.run()
        except TimeoutError:
            return no_answer(request)
        except AddressRefused as refused:
            return Failure(str(refused))
        except (http.client.HTTPException, OSError, ValueError) as error:
            return Failure(_reason(error), seconds=self._clock.now().since(begun))
        finally:
            call.abort()
        status, headers, raw = answer
        body, cut, flaw = unpacked(raw, headers.get("content-encoding", ""))
        return Response(status, headers, body, self._clock.now().since(begun), cut, flaw)

    async def close(self) -> None:
        """Keeps nothing open."""


class _Call:
    """One request in its own daemon thread: an executor's would hold up the end of the program for as long
    as a name server is silent."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._parts = urlsplit(request.url)
        self._socket: socket.socket | None = None
        self._over = False
        self._lock = threading.Lock()

    async def run(self) -> _Answer:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[_Answer] = loop.create_future()

        def settle(answer: _Answer | None, error: Exception | None) -> None:
            if done.done():
                return
            if error is not None:
                done.set_exception(error)
            elif answer is not None:
                done.set_result(answer)

        def work() -> None:
            answer, error = None, None
            try:
                answer = self._ask()
            except Exception as caught:
                error = caught
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(settle, answer, error)

        threading.Thread(target=work, name="opsbot-http", daemon=True).start()
        return await done

    def abort(self) -> None:
        """Shuts the connection, which ends the thread."""
        with self._lock:
            self._over = True
            if self._socket is not None:
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)

    def _ask(self) -> _Answer:
        connection = self._connection()
        try:
            path = self._parts.path or "/"
            if self._parts.query:
                path += f"?{self._parts.query}"
            connection.request(self._request.method, path, self._request.body, headers_of(self._request))
            answer = connection.getresponse()
            raw = b""
            while len(raw) <= BODY_LIMIT and (part := answer.read1(BODY_LIMIT)):
                raw += part
            self._whole(answer, raw)
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, raw
        finally:
            connection.close()

    def _whole(self, answer: http.client.HTTPResponse, raw: bytes) -> None:
        if len(raw) <= BODY_LIMIT and answer.length and self._request.method != "HEAD":
            raise http.client.IncompleteRead(raw, answer.length)

    def _connection(self) -> http.client.HTTPConnection:
        parts: SplitResult = self._parts
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        connection = http.client.HTTPConnection(host, port, timeout=self._request.timeout)
        plain = self._dial(host, port)
        if parts.scheme == "https":
            import ssl  # 20 ms that most looks do not need

            plain = ssl.create_default_context().wrap_socket(plain, server_hostname=host)
            self._hold(plain)
        connection.sock = plain
        return connection

    def _dial(self, host: str, port: int) -> socket.socket:
        last: OSError = OSError(f"{host} has no address")
        for family, address, number in resolve(host, port):
            candidate = socket.socket(family, socket.SOCK_STREAM)
            candidate.settimeout(self._request.timeout)
            try:
                self._hold(candidate)
                candidate.connect((address, number))
            except OSError as error:
                candidate.close()
                last = error
            else:
                return candidate
        raise last

    def _hold(self, candidate: socket.socket) -> None:
        with self._lock:
            self._socket = candidate
            if self._over:
                candidate.close()
                raise TimeoutError("given up meanwhile")


def _reason(error: BaseException) -> str:
    if isinstance(error, http.client.RemoteDisconnected):
        return "closed the connection without an answer"
    if isinstance(error, http.client.IncompleteRead):
        return "connection lost in the middle of the answer"
    if isinstance(error, http.client.HTTPException) and not isinstance(error, http.client.InvalidURL):
        return "answered with something that is not HTTP"
    return NOT_VALID if isinstance(error, http.client.InvalidURL) else reason_of(error)
