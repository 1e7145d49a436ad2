"""opsbot's side: each request becomes a call of `Operations`, asked by the peer's user."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import socket
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import structlog

from opsbot.control.answers import (
    action_lines,
    adopt_line,
    drill_lines,
    health_line,
    incidents_line,
    pause_line,
    reload_line,
    resume_line,
    rotate_lines,
    targets_line,
)
from opsbot.control.client import SOCKET, address
from opsbot.control.diagnostics import diagnostics_lines, profile_lines
from opsbot.control.logs import log_lines
from opsbot.control.memory import audit_line, export_line, past_line, report_line, show_line
from opsbot.control.metrics import metrics_line, performance_line
from opsbot.control.mutes import (
    begin_silence_line,
    deploy_line,
    end_silence_line,
    maintenance_line,
    silences_line,
    unheard_line,
)
from opsbot.control.people import acknowledge_line, assign_line, note_line, resolve_line
from opsbot.control.reports import Line
from opsbot.control.runbook import runbook_lines, runbook_text_line, runbooks_line
from opsbot.domain.actor import Actor, ActorKind
from opsbot.errors import OpsbotError, UsageError
from opsbot.runtime.port import Operations
from opsbot.text import printable

MAX_REQUEST = 64 * 1024
"""Bytes of the longest request line."""

PATIENCE = 10.0
"""Seconds in which a connection must have said what it wants."""

LAST_WORDS = 0.2
"""Seconds in which answers under way end by themselves when opsbot does."""

_UCRED = struct.Struct("3i")
"""pid, uid, gid of the peer (SO_PEERCRED, unix(7))."""

log = structlog.get_logger("opsbot.control")

Verb = Callable[[Operations, dict[str, Any], Actor], AsyncGenerator[Line, None]]

VERBS: dict[str, Verb] = {
    "acknowledge": acknowledge_line,
    "adopt": adopt_line,
    "audit": audit_line,
    "assign": assign_line,
    "deploy": deploy_line,
    "diagnostics": diagnostics_lines,
    "drill": drill_lines,
    "health": health_line,
    "export": export_line,
    "incident": show_line,
    "incidents": incidents_line,
    "past": past_line,
    "report": report_line,
    "logs": log_lines,
    "maintenance": maintenance_line,
    "metrics": metrics_line,
    "muted": unheard_line,
    "note": note_line,
    "pause": pause_line,
    "performance": performance_line,
    "profile": profile_lines,
    "reload": reload_line,
    "resolve": resolve_line,
    "restart": action_lines,
    "resume": resume_line,
    "rotate": rotate_lines,
    "runbook": runbook_lines,
    "runbook_text": runbook_text_line,
    "runbooks": runbooks_line,
    "silence": begin_silence_line,
    "silences": silences_line,
    "start": action_lines,
    "stop": action_lines,
    "targets": targets_line,
    "unsilence": end_silence_line,
}


@asynccontextmanager
async def serving(operations: Operations, state_dir: Path) -> AsyncIterator[Path]:
    """Serves the socket in `state_dir` while the context lasts; yields its path.

    Raises:
        UsageError: the socket cannot be made there.
    """
    path = state_dir / SOCKET
    handlers: set[asyncio.Task[Any]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        handlers.add(task)
        try:
            await _answer(operations, reader, writer)
        except asyncio.CancelledError:
            pass  # by the end of the context; asyncio's streams (3.11) would report it as an error
        finally:
            handlers.discard(task)

    server = await asyncio.start_unix_server(answer, sock=_listener(path), limit=MAX_REQUEST)
    try:
        yield path
    finally:
        server.close()
        await _finish(handlers)
        path.unlink(missing_ok=True)


def _listener(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    others = os.umask(0o177)  # so that there is no moment in which it is open to others
    try:
        path.unlink(missing_ok=True)  # the state directory is locked, so nobody listens on it
        with address(path) as name:
            listener.bind(name)
    except OSError as error:
        listener.close()
        raise UsageError(
            f"The control socket {path} cannot be made ({error}): name another directory with `state_dir`."
        ) from error
    finally:
        os.umask(others)
    return listener


async def _finish(handlers: set[asyncio.Task[Any]]) -> None:
    """Answers under way have a moment to say how they end; then they are cut off."""
    if handlers:
        await asyncio.wait(handlers, timeout=LAST_WORDS)
    for handler in list(handlers):
        handler.cancel()
    await asyncio.gather(*handlers, return_exceptions=True)


async def _answer(operations: Operations, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        async with aclosing(_lines(operations, reader, writer)) as lines:
            async for line in lines:
                writer.write(json.dumps(line, ensure_ascii=False).encode(errors="replace") + b"\n")
                await writer.drain()
    except ConnectionError:
        pass  # the command line was ended with Ctrl-C: what it asked for goes on
    finally:
        writer.close()


async def _lines(
    operations: Operations, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> AsyncGenerator[Line, None]:
    """The answer; whatever goes wrong is its last line."""
    try:
        request = await _request(reader)
        verb = VERBS.get(str(request.get("verb")))
        if verb is None:
            raise UsageError("This opsbot does not know that request: are both of the same version?")
        async with aclosing(verb(operations, request, _peer(writer))) as lines:
            async for line in lines:
                yield line
    except OpsbotError as refusal:
        yield {"error": printable(str(refusal)), "exit": getattr(refusal, "exit_code", 1)}
    except ConnectionError:
        raise
    except Exception as broken:
        log.exception("request broke")
        yield {"error": printable(f"opsbot failed: {type(broken).__name__}: {broken}"), "exit": 1}


async def _request(reader: asyncio.StreamReader) -> dict[str, Any]:
    try:
        async with asyncio.timeout(PATIENCE):
            line = await reader.readline()
        request = json.loads(line) if line.endswith(b"\n") else None
    except (ValueError, RecursionError, TimeoutError):
        request = None
    if not isinstance(request, dict):
        raise UsageError("That is no request: one JSON object on one line is.")
    return request


def _peer(writer: asyncio.StreamWriter) -> Actor:
    peer: socket.socket = writer.get_extra_info("socket")
    if not hasattr(socket, "SO_PEERCRED"):  # macOS: the socket's mode says that it is the owner or root
        return Actor(ActorKind.CLI, "?", "command line")
    raw = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    uid = _UCRED.unpack(raw)[1]
    return Actor(ActorKind.CLI, str(uid), user_name(uid))


def user_name(uid: int) -> str:
    """A user's name as the system knows it; what the environment says (`USER`) anybody can set."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
