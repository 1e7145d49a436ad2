"""Small HTTP servers on loopback, most of them hostile."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

Reader: TypeAlias = asyncio.StreamReader
Writer: TypeAlias = asyncio.StreamWriter
Handler: TypeAlias = Callable[[Reader, Writer], Awaitable[None]]


@dataclass
class Served:
    """A running server's address."""

    port: int = 0

    @property
    def url(self) -> str:
        """Its `/health`."""
        return f"http://127.0.0.1:{self.port}/health"


@asynccontextmanager
async def serve(handler: Handler) -> AsyncIterator[Served]:
    """Serves every connection by `handler`, until left."""
    tasks: set[asyncio.Task[None]] = set()

    async def run(reader: Reader, writer: Writer) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with suppress(ConnectionError, asyncio.CancelledError):
            await handler(reader, writer)
        writer.close()

    server = await asyncio.start_server(run, "127.0.0.1", 0)
    served = Served(server.sockets[0].getsockname()[1])
    try:
        yield served
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


async def request_of(reader: Reader) -> tuple[str, bytes]:
    """The head and the body of one request."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    length = 0
    for one in head.lower().split("\r\n"):
        if one.startswith("content-length:"):
            length = int(one.partition(":")[2])
    return head, await reader.readexactly(length)


def raw(answer: bytes) -> Handler:
    """Answers with these bytes and closes."""

    async def handle(reader: Reader, writer: Writer) -> None:
        await request_of(reader)
        writer.write(answer)
        await writer.drain()

    return handle


def http(body: bytes, status: str = "200 OK", kind: str = "application/json", **headers: str) -> Handler:
    """Answers with a body."""
    extra = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
    return raw(head.encode() + body)


def answer(value: Any, status: str = "200 OK") -> Handler:
    """Answers with JSON."""
    return http(json.dumps(value).encode(), status)


async def silence(reader: Reader, writer: Writer) -> None:
    """Accepts and says nothing."""
    await reader.read(1 << 20)
    await reader.read()  # until the other side gives up


async def drip(reader: Reader, writer: Writer) -> None:
    """One byte every 200 ms, from the status line on."""
    for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b" " * 100_000:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.2)  # the attack itself


async def endless(reader: Reader, writer: Writer) -> None:
    """A body without end."""
    await request_of(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")
    while True:
        writer.write(b" " * 65536)
        await writer.drain()


async def reset(reader: Reader, writer: Writer) -> None:
    """Resets the connection instead of answering."""
    await request_of(reader)
    writer.transport.abort()


async def reset_in_body(reader: Reader, writer: Writer) -> None:
    """Closes in the middle of the body."""
    await request_of(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
    await writer.drain()


def gzip_bomb() -> Handler:
    """20 MB of spaces, packed to 20 KB."""
    return http(gzip.compress(b" " * 20_000_000), Content_Encoding="gzip")


def recording(requests: list[tuple[str, bytes]]) -> Handler:
    """Notes the request and answers that all is well."""

    async def handle(reader: Reader, writer: Writer) -> None:
        requests.append(await request_of(reader))
        body = b'{"status": "healthy"}'
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()

    return handle
