"""A gateway session: what one bot is told, in order, and can be told again after a RESUME."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import discord
from simcord.backend import Backend
from simcord.gateway import FakeGateway

from opsbot.demo.discord_sim.cdn import Cdn

Json = dict[str, Any]

# Real Discord discloses neither; enough for what a test or a demo does while a bot is away.
KEPT_EVENTS = 5_000
KEPT_SECONDS = 120.0


class Outlet:
    """The sending side of one socket: frames leave in order, one writer each."""

    def __init__(self) -> None:
        self.frames: asyncio.Queue[Json] = asyncio.Queue()

    def put(self, frame: Json) -> None:
        self.frames.put_nowait(frame)


class _Parsers:
    """simcord's gateway looks up a client's parser by event name; ours is the wire."""

    def __init__(self, deliver: Callable[[str, Json], None]) -> None:
        self._deliver = deliver

    def __getitem__(self, event: str) -> Callable[[Json], None]:
        return lambda payload: self._deliver(event, payload)


class _ClientState:
    """The two things simcord's gateway wants to know of a client."""

    def __init__(self, intents: discord.Intents, deliver: Callable[[str, Json], None]) -> None:
        self.intents = intents
        self.parsers = _Parsers(deliver)


class Session:
    """Numbers events, keeps them for a RESUME, and passes them to the socket that is attached.

    `intents` gates and censors events as Discord does. A deaf session keeps
    events to itself until it is resumed.
    """

    def __init__(self, backend: Backend, cdn: Cdn, intents: discord.Intents) -> None:
        self.id = secrets.token_hex(16)
        self.intents = intents
        self.sequence = 0
        self.outlet: Outlet | None = None
        self.deaf = False
        self._left_at: float | None = None
        self._kept: deque[Json] = deque(maxlen=KEPT_EVENTS)
        self._cdn = cdn
        self._shaping = FakeGateway(backend, _ClientState(intents, self.dispatch))

    @property
    def expired(self) -> bool:
        """Whether its bot has been away for too long to resume."""
        return self._left_at is not None and time.monotonic() - self._left_at > KEPT_SECONDS

    def detach(self) -> None:
        """The socket is gone; what happens from now on is kept for a RESUME."""
        self.outlet, self._left_at = None, time.monotonic()

    def kept(self, event: str) -> list[Json]:
        """The data of the kept events of one kind, oldest first."""
        return [frame["d"] for frame in self._kept if frame["t"] == event]

    def feed(self, event: str, payload: Mapping[str, Any]) -> None:
        """One event of the world, as far as this session's intents let it see it."""
        self._shaping.feed(event, payload)

    def dispatch(self, event: str, payload: Mapping[str, Any]) -> None:
        """One event to this session, whatever its intents."""
        self.sequence += 1
        data = json.loads(self._cdn.outgoing(json.dumps(payload, default=str)))
        frame = {"op": 0, "t": event, "s": self.sequence, "d": data}
        self._kept.append(frame)
        if self.outlet is not None and not self.deaf:
            self.outlet.put(frame)

    def can_resume(self, sequence: int) -> bool:
        """Whether everything after `sequence` is still kept."""
        oldest = self._kept[0]["s"] if self._kept else self.sequence + 1
        return oldest - 1 <= sequence <= self.sequence

    def resume(self, outlet: Outlet, sequence: int) -> None:
        """Attach to a new socket and say again what came after `sequence`."""
        self.outlet, self._left_at, self.deaf = outlet, None, False
        for frame in self._kept:
            if frame["s"] > sequence:
                outlet.put(frame)
        self.dispatch("RESUMED", {})
