"""The lines by which a bot on discord.py 2.7.1 tells about its gateway connection.

Texts and levels are those of that release: gateway.py (`received_message`, `poll_event`,
`KeepAliveHandler.run`), client.py (`login`, `connect`), shard.py (`_handle_disconnect`). An ordinary close
after which it resumes is written at DEBUG only, so a log at INFO shows nothing of it but the RESUMED.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from opsbot.logs.formats import Record
from opsbot.logs.patterns import GroupPattern


class Event(StrEnum):
    """What a line says."""

    STARTING = "starting"  # a new login: everything of before is history
    CONNECTED = "connected"  # READY received
    READY = "ready"  # the bot's own "Bot is ready"
    RESUMED = "resumed"
    ALIVE = "alive"  # DEBUG only: a heartbeat, an event
    LOST = "lost"
    BLOCKED = "blocked"  # the bot's event loop is stuck: heartbeats do not go out
    BEHIND = "behind"  # heartbeats are answered late
    SYNCED = "synced"  # slash commands


@dataclass(frozen=True, slots=True)
class Shape:
    """One line. `text`: a pattern of its message (valid for RE2 and `re`) from its beginning on; `shard` is
    the shard's id where the line names it. `library`: written by a logger `discord.…`."""

    event: Event
    text: str
    library: bool = True


_SHARD = r"(?P<shard>\w+)"
SHAPES = (
    Shape(Event.STARTING, r"logging in using static token"),  # INFO
    Shape(Event.CONNECTED, rf"Shard ID {_SHARD} has connected to Gateway"),  # INFO
    Shape(Event.RESUMED, rf"Shard ID {_SHARD} has successfully RESUMED session"),  # INFO
    Shape(Event.LOST, rf"Shard ID {_SHARD} session has been invalidated"),  # INFO
    Shape(Event.LOST, rf"Shard ID {_SHARD} has stopped responding to the gateway"),  # WARNING
    Shape(Event.LOST, r"Attempting a reconnect in "),  # ERROR, of a client without shards
    Shape(Event.LOST, rf"Attempting a reconnect for shard ID {_SHARD} in "),  # ERROR
    Shape(Event.LOST, rf"Failed to connect for shard_id: {_SHARD}\."),  # ERROR
    Shape(Event.LOST, r"Websocket closed with "),  # DEBUG
    Shape(Event.LOST, r"Timed out receiving packet\. Attempting a reconnect"),  # DEBUG
    Shape(Event.LOST, r"Got a request to \w+ the websocket"),  # DEBUG
    Shape(Event.BLOCKED, rf"Shard ID {_SHARD} heartbeat blocked for more than "),  # WARNING
    Shape(Event.BEHIND, rf"Can't keep up, shard ID {_SHARD} websocket is "),  # WARNING
    Shape(Event.ALIVE, rf"Keeping shard ID {_SHARD} websocket alive"),  # DEBUG
    Shape(Event.ALIVE, rf"For Shard ID {_SHARD}: WebSocket Event"),  # DEBUG
    Shape(Event.READY, r"Bot is ready", library=False),  # the guide's bot
    Shape(Event.SYNCED, r"Synced \d+ (?:\w+ )?commands?", library=False),  # the guide's bot
)

_COMPILED = tuple((shape, re.compile(shape.text)) for shape in SHAPES)


def patterns(ready: str) -> Mapping[str, str]:
    """What to look for in the log, by event; `ready`: the bot's own line."""
    found: dict[str, list[str]] = {}
    for shape in SHAPES:
        found.setdefault(shape.event, []).append(shape.text)
    found[Event.READY] = [ready]
    return {event: "|".join(texts) for event, texts in found.items()}


def shard_of(event: Event, record: Record, ready: GroupPattern) -> str | None:
    """The shard that a line speaks of, "" for all; None when the line only quotes such a text.

    A message must begin with it, and its logger, where the format has one, must be discord.py's: anybody
    may write the text of a disconnect into a channel that the bot logs.
    """
    if event is Event.READY:
        return "" if ready.begins(record.message) else None
    for shape, regex in _COMPILED:
        foreign = shape.library and record.logger and record.logger.partition(".")[0] != "discord"
        if shape.event is event and not foreign and (found := regex.match(record.message)):
            return found.groupdict().get("shard") or ""
    return None
