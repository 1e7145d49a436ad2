"""One gateway connection: reads a bot's frames, and writes what it is to be told.

https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Protocol

import aiohttp
from aiohttp import web

from opsbot.demo.discord_sim.sessions import Json, Outlet, Session
from opsbot.demo.discord_sim.sockets import cut

CLEAN_CLOSES = (1000, 1001)  # a client that closes so gives its session up
NOT_AUTHENTICATED, ALREADY_AUTHENTICATED = 4003, 4005


class Hub(Protocol):
    """What a connection asks of the gateway."""

    heartbeat_ms: int
    answer_heartbeats: bool
    bot_status: str

    def note(self, word: str) -> None: ...

    def refusal(self, data: Mapping[str, Any]) -> int | None: ...

    def identify(self, outlet: Outlet, data: Mapping[str, Any]) -> Session: ...

    def resumable(self, data: Mapping[str, Any]) -> Session | None: ...

    def members(self, session: Session, data: Mapping[str, Any]) -> None: ...

    def forget(self, session: Session) -> None: ...


class Connection:
    """One socket: reads a bot's frames, and writes what its outlet holds."""

    def __init__(self, gateway: Hub, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.outlet = Outlet()
        self._gateway = gateway
        self._socket = socket
        self._closed_with: int | None = None
        self._request = request
        self._session: Session | None = None

    async def run(self) -> None:
        hello = {"heartbeat_interval": self._gateway.heartbeat_ms}
        self.outlet.put({"op": 10, "d": hello})
        async with asyncio.TaskGroup() as tasks:
            writer = tasks.create_task(self._write())
            async for message in self._socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    await self._receive(json.loads(message.data))
            writer.cancel()

    async def _write(self) -> None:
        while not self._socket.closed:
            frame = await self.outlet.frames.get()
            try:
                await self._socket.send_json(frame)
            except (ConnectionError, RuntimeError):  # closed meanwhile; a RESUME says it again
                return

    async def _receive(self, frame: Json) -> None:
        op, data = frame["op"], frame["d"]
        if op == 1:
            self._heartbeat()
        elif op == 2:
            await self._identify(data)
        elif op == 6:
            self._resume(data)
        elif self._session is None:
            await self.close(NOT_AUTHENTICATED)
        elif op == 3:
            self._gateway.bot_status = data["status"]
            self._gateway.note(f"presence {data['status']}")
        elif op == 8:
            self._gateway.members(self._session, data)

    def _heartbeat(self) -> None:
        self._gateway.note("heartbeat")
        if self._gateway.answer_heartbeats:
            self.outlet.put({"op": 11})

    async def _identify(self, data: Json) -> None:
        self._gateway.note("identify")
        code = ALREADY_AUTHENTICATED if self._session else self._gateway.refusal(data)
        if code is not None:
            await self.close(code)
            return
        self._session = self._gateway.identify(self.outlet, data)
        self._gateway.note("ready")

    def _resume(self, data: Json) -> None:
        self._gateway.note("resume")
        session = self._gateway.resumable(data)
        if session is None:
            self.outlet.put({"op": 9, "d": False})
            return
        self._session = session
        session.resume(self.outlet, int(data.get("seq") or 0))
        self._gateway.note("resumed")

    def abort(self) -> None:
        cut(self._request, reset=True)

    async def close(self, code: int) -> None:
        self._closed_with = code
        await self._socket.close(code=code)

    @property
    def close_code(self) -> int | None:
        """Ours if we closed, else the bot's (discord.py mostly says 4000, even on a goodbye)."""
        return self._closed_with or self._socket.close_code

    def leave(self) -> None:
        """The socket is gone. A clean goodbye ends the session, anything else may be resumed."""
        session = self._session
        if session is None or session.outlet is not self.outlet:
            return
        session.detach()
        if self._socket.close_code in CLEAN_CLOSES:
            self._gateway.forget(session)
