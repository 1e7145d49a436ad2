"""Servers on loopback that speak no protocol but what a test makes them say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(talk: Talk) -> AsyncIterator[int]:
    """The port of a server that says to each who connects what `talk` says, then hangs up."""
    talking: set[asyncio.Task[None]] = set()

    async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talking.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                await talk(reader, writer)
        finally:
            talking.discard(task)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    made = await asyncio.start_server(met, "127.0.0.1", 0)
    try:
        yield made.sockets[0].getsockname()[1]
    finally:
        made.close()
        left = list(talking)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await made.wait_closed()


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A byte each 200 ms, for ever."""
    while True:
        writer.write(b"2")
        await writer.drain()
        await asyncio.sleep(0.2)


def saying(text: bytes) -> Talk:
    """Says this when it has been asked something, and no more."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(text)
        await writer.drain()

    return talk


def mail_script(answers: Mapping[str, str]) -> Talk:
    """A mail server without any features that answers each command as told, by its first four letters, else
    kindly; "" hangs up, "…" says nothing more. `HI` is its greeting, `END` the answer to a mail."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        kind = {"HI": "220 mail.test", "DATA": "354 go on", "QUIT": "221 bye", **answers}
        asked = "HI"
        while answer := kind.get(asked, "250 OK"):
            if answer == "…":
                await reader.read()
            writer.write(f"{answer}\r\n".encode())
            await writer.drain()
            if asked == "DATA" and answer.startswith("354"):
                await reader.readuntil(b"\r\n.\r\n")
                asked = "END"
            else:
                asked = (await reader.readuntil(b"\r\n"))[:4].decode().upper()

    return talk
