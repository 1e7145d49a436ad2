"""opsbot's side: each request becomes a call of `Operations`, asked by the peer's user."""

from __future__ import annotations

import asyncio
import json
import pwd
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import structlog

from opsbot.control.answers import (
    health_line,
    incidents_line,
    pause_line,
    restart_lines,
    resume_line,
    targets_line,
)
from opsbot.control.client import SOCKET, short_path
from opsbot.control.reports import Line
from opsbot.domain.actor import Actor, ActorKind
from opsbot.errors import OpsbotError, UsageError
from opsbot.runtime.port import Operations

MAX_REQUEST = 64 * 1024
"""Bytes of the longest request line."""

_UCRED = struct.Struct("3i")
"""pid, uid, gid of the peer (SO_PEERCRED, unix(7))."""

log = structlog.get_logger("opsbot.control")

Verb = Callable[[Operations, dict[str, Any], Actor], AsyncIterator[Line]]

VERBS: dict[str, Verb] = {
    "health": health_line,
    "incidents": incidents_line,
    "pause": pause_line,
    "restart": restart_lines,
    "resume": resume_line,
    "targets": targets_line,
}


@asynccontextmanager
async def serving(operations: Operations, state_dir: Path) -> AsyncIterator[Path]:
    """Serves the socket in `state_dir` while the context lasts; yields its path."""
    path = state_dir / SOCKET
    path.unlink(missing_ok=True)  # the state directory is locked, so nobody listens on it

    open_now: set[asyncio.StreamWriter] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_now.add(writer)
        await _answer(operations, reader, writer)
        open_now.discard(writer)

    server = await asyncio.start_unix_server(answer, short_path(path), limit=MAX_REQUEST)
    path.chmod(0o600)
    try:
        yield path
    finally:
        server.close()
        for writer in open_now:
            writer.close()
        path.unlink(missing_ok=True)


async def _answer(operations: Operations, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        request = await _request(reader)
        verb = VERBS.get(str(request.get("verb")))
        if verb is None:
            raise UsageError("This opsbot does not know that request: are both of the same version?")
        async for line in verb(operations, request, _peer(writer)):
            await _send(writer, line)
    except OpsbotError as refusal:
        await _send(writer, {"error": str(refusal), "exit": getattr(refusal, "exit_code", 1)})
    except (ConnectionError, asyncio.IncompleteReadError):
        pass  # the command line was ended with Ctrl-C: what it asked for goes on
    except Exception as broken:
        log.exception("request broke")
        await _send(writer, {"error": f"opsbot failed: {type(broken).__name__}: {broken}", "exit": 1})
    finally:
        writer.close()


async def _request(reader: asyncio.StreamReader) -> dict[str, Any]:
    try:
        request = json.loads(await reader.readline())
    except ValueError:
        request = None
    if not isinstance(request, dict):
        raise UsageError("That is no request: one JSON object on one line is.")
    return request


async def _send(writer: asyncio.StreamWriter, line: Line) -> None:
    try:
        writer.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
        await writer.drain()
    except ConnectionError:
        pass


def _peer(writer: asyncio.StreamWriter) -> Actor:
    peer: socket.socket = writer.get_extra_info("socket")
    if not hasattr(socket, "SO_PEERCRED"):  # macOS: the socket's mode says that it is the owner or root
        return Actor(ActorKind.CLI, "?", "command line")
    raw = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    uid = _UCRED.unpack(raw)[1]
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = f"uid {uid}"
    return Actor(ActorKind.CLI, str(uid), name)
