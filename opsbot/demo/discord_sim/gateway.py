"""The gateway: a real WebSocket server that speaks Discord's protocol.

https://discord.com/developers/docs/events/gateway
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import discord
from aiohttp import web
from simcord.backend import Backend, serializers
from simcord.intents import PRIVILEGED_INTENTS

from opsbot.demo.discord_sim.cdn import Cdn
from opsbot.demo.discord_sim.changes import Changes
from opsbot.demo.discord_sim.connection import Connection
from opsbot.demo.discord_sim.presence import Presences
from opsbot.demo.discord_sim.sessions import Json, Outlet, Session

HEARTBEAT_MS = 41_250
IDENTIFIES_PER_DAY = 1_000
WRONG_TOKEN, DISALLOWED_INTENTS = 4004, 4014


class Gateway:
    """All connections and sessions, and the switches to break them.

    `answer_heartbeats=False` makes connections zombies. `heartbeat_ms` is told to new ones.
    `refusals`: how many of the next connections are turned away with 503. `close_identify_with`: a
    close code every IDENTIFY gets. `privileged` names the privileged intents that the developer
    portal granted. `log` has one word a happening, in order (`identify`, `resume`, …).
    """

    def __init__(
        self, backend: Backend, cdn: Cdn, presences: Presences, changes: Changes, token: str
    ) -> None:
        self.token = token
        self.url = ""
        self.heartbeat_ms = HEARTBEAT_MS
        self.privileged = set(PRIVILEGED_INTENTS)
        self.answer_heartbeats = True
        self.refusals = 0
        self.close_identify_with: int | None = None
        self.identifies = 0
        self.sessions: dict[str, Session] = {}
        self.log: list[str] = []
        self.bot_status = "online"
        self._backend = backend
        self._cdn = cdn
        self._presences = presences
        self._changes = changes
        self._connections: list[Connection] = []
        backend.subscribers.append(self._on_event)

    # ------------------------------------------------------------------ state

    @property
    def connected(self) -> int:
        """How many bots are connected and identified."""
        return sum(session.outlet is not None for session in self.sessions.values())

    def note(self, word: str) -> None:
        self.log.append(word)
        self._changes.notify()

    # --------------------------------------------------------------- switches

    def drop(self) -> None:
        """Reset every TCP connection; sessions can be resumed."""
        for connection in list(self._connections):
            connection.abort()

    def deafen(self) -> None:
        """Acknowledge heartbeats, but send no events; a bot that reconnects hears again."""
        for session in self.sessions.values():
            session.deaf = True

    async def close(self, code: int) -> None:
        """Close every connection with a code (4014, 4004 …)."""
        for connection in list(self._connections):
            await connection.close(code)

    def invalidate(self, *, resumable: bool = False) -> None:
        """Op 9. Unless `resumable`, the sessions are gone and bots must identify again."""
        if not resumable:
            self.sessions.clear()
        self._say({"op": 9, "d": resumable})

    def ask_to_reconnect(self) -> None:
        """Op 7, as Discord sends before it restarts a gateway."""
        self._say({"op": 7, "d": None})

    def _say(self, frame: Json) -> None:
        for connection in self._connections:
            connection.outlet.put(frame)

    # -------------------------------------------------------------- the wire

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One connection, until either side closes it."""
        if self.refusals > 0:
            self.refusals -= 1
            self.note("refused")
            return web.Response(status=503)
        socket = web.WebSocketResponse(max_msg_size=64 * 1024)
        await socket.prepare(request)
        connection = Connection(self, socket, request)
        self._connections.append(connection)
        self.note("connect")
        try:
            await connection.run()
        finally:
            self._connections.remove(connection)
            connection.leave()
            self.note(f"closed {connection.close_code}")
        return socket

    def _on_event(self, event: str, payload: Mapping[str, Any]) -> None:
        for session in list(self.sessions.values()):
            if session.expired:
                del self.sessions[session.id]
            else:
                session.feed(event, payload)

    # ---------------------------------------------- what connections ask for

    def refusal(self, data: Mapping[str, Any]) -> int | None:
        """The close code an IDENTIFY earns, if any."""
        if data.get("token") != self.token:
            return WRONG_TOKEN
        if self.close_identify_with is not None:
            return self.close_identify_with
        intents = discord.Intents._from_value(int(data.get("intents", 0)))
        missing = set(PRIVILEGED_INTENTS) - self.privileged
        return DISALLOWED_INTENTS if any(getattr(intents, n) for n in missing) else None

    def identify(self, outlet: Outlet, data: Mapping[str, Any]) -> Session:
        """Open a session and tell it READY and every guild."""
        intents = discord.Intents._from_value(int(data.get("intents", 0)))
        session = Session(self._backend, self._cdn, intents)
        session.outlet = outlet
        self.sessions[session.id] = session
        self.identifies += 1
        session.dispatch("READY", self._ready(session))
        for guild in self._backend.guilds.values():
            payload = dict(serializers.guild_create_payload(self._backend, guild))
            if intents.presences:
                payload["presences"] = self._presences.of_guild(guild.id)
            session.feed("GUILD_CREATE", payload)
        return session

    def _ready(self, session: Session) -> Json:
        return {
            "v": 10,
            "user": dict(serializers.user_payload(self._backend.bot_user)),
            "guilds": [{"id": str(g), "unavailable": True} for g in self._backend.guilds],
            "session_id": session.id,
            "resume_gateway_url": self.url,
            "shard": [0, 1],
            "application": {"id": str(self._backend.application_id), "flags": 0},
        }

    def resumable(self, data: Mapping[str, Any]) -> Session | None:
        session = self.sessions.get(str(data.get("session_id")))
        if session is None or data.get("token") != self.token:
            return None
        return session if session.can_resume(int(data.get("seq") or 0)) else None

    def members(self, session: Session, data: Mapping[str, Any]) -> None:
        for chunk in self._presences.chunks(data, session.intents):
            session.dispatch("GUILD_MEMBERS_CHUNK", chunk)

    def forget(self, session: Session) -> None:
        """The bot said goodbye."""
        self.sessions.pop(session.id, None)

    def bot_info(self) -> Json:
        """`GET /gateway/bot`."""
        return {
            "url": self.url,
            "shards": 1,
            "session_start_limit": {
                "total": IDENTIFIES_PER_DAY,
                "remaining": max(0, IDENTIFIES_PER_DAY - self.identifies),
                "reset_after": 86_400_000,
                "max_concurrency": 1,
            },
        }
