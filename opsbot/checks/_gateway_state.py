"""What is known of a gateway connection, line by line."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from opsbot.checks._gateway_lines import Event, shard_of
from opsbot.domain.moment import Moment
from opsbot.logs.feed import Hit
from opsbot.logs.patterns import GroupPattern

ALL = ""
"""Stands for every shard, where a line names none."""


class Link(StrEnum):
    """A shard's connection."""

    CONNECTING = "connecting"
    UP = "up"
    LOST = "lost"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Mark:
    """When something was last said: `stamp` as the log has it, `at` as a moment (None: not known)."""

    stamp: str
    at: Moment | None


@dataclass(slots=True)
class GatewayState:
    """Fed with the log's lines in order. Counts are of lines that count, not of the look-back.

    `ready`: the bot's own line when it is ready; its message must begin so.
    """

    ready: GroupPattern
    links: dict[str, tuple[Link, Mark]] = field(default_factory=dict)
    last: dict[Event, Mark] = field(default_factory=dict)
    last_event: Mark | None = None
    synced: str = ""
    disconnects: int = 0
    resumes: int = 0

    @property
    def known(self) -> bool:
        """Whether the log ever said anything about the connection."""
        return bool(self.links)

    def worst(self) -> tuple[Link, Mark, str] | None:
        """The link in the worst state with its shard, None when nothing is known."""
        order = (Link.UP, Link.CONNECTING, Link.BLOCKED, Link.LOST)
        found = [(order.index(link), shard) for shard, (link, _) in self.links.items()]
        if not found:
            return None
        shard = max(found)[1]
        return (*self.links[shard], shard)

    def take(self, hit: Hit) -> None:
        """One more line."""
        event = Event(hit.pattern)
        shard = shard_of(event, hit.record, self.ready)
        if shard is None:
            return
        mark = Mark(hit.record.stamp, hit.at)
        self.last[event] = self.last_event = mark
        match event:
            case Event.STARTING:
                self.links = {ALL: (Link.CONNECTING, mark)}
            case Event.LOST:
                self._lose(shard, mark, hit.counted)
            case Event.BLOCKED:
                if self._link(shard) is not Link.LOST:
                    self.links[shard] = (Link.BLOCKED, mark)
            case Event.CONNECTED | Event.RESUMED:
                self._connect(event, shard, mark, hit.counted)
            case Event.READY:
                self.links = dict.fromkeys(self.links or (ALL,), (Link.UP, mark))
            case Event.SYNCED:
                self.synced = hit.record.message[:80]
            case Event.ALIVE | Event.BEHIND:
                if self._link(shard) is Link.BLOCKED:
                    self.links[shard] = (Link.UP, mark)

    def settle(self, now: Moment, blocked_seconds: float) -> None:
        """A blocked heartbeat is over when its warning, which comes every 10 s, has stopped: discord.py says
        nothing when it recovers, and "stopped responding" when it does not."""
        for shard, (link, mark) in self.links.items():
            over = mark.at is None or now.since(mark.at) > blocked_seconds
            if link is Link.BLOCKED and over:
                self.links[shard] = (Link.UP, mark)

    def _link(self, shard: str) -> Link | None:
        known = self.links.get(shard) or self.links.get(ALL)
        return known[0] if known else None

    def _lose(self, shard: str, mark: Mark, counted: bool) -> None:
        # A first connection that fails is no disconnection, and a row of failed tries is one.
        before = [link for link, _ in self.links.values()] if shard == ALL else [self._link(shard)]
        already = bool(before) and all(link in (Link.LOST, Link.CONNECTING) for link in before)
        if not already and counted:
            self.disconnects += 1
        if shard == ALL:  # a line that names no shard is of a client that has one, whatever it is called
            self.links = dict.fromkeys(self.links or (ALL,), (Link.LOST, mark))
        else:
            self.links[shard] = (Link.LOST, mark)

    def _connect(self, event: Event, shard: str, mark: Mark, counted: bool) -> None:
        """A connection made anew while none was known to be lost: its loss was not logged (DEBUG)."""
        before = self.links.get(shard)
        silent = (before is not None and before[0] in (Link.UP, Link.BLOCKED)) or (
            event is Event.RESUMED and self._link(shard) is None
        )
        if counted:
            self.disconnects += silent
            self.resumes += event is Event.RESUMED
        self.links.pop(ALL, None)
        self.links[shard] = (Link.UP, mark)
