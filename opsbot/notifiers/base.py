"""The port of notifiers: how one notice is sent.

A notifier is one module in this package, named like its `kind`, with `class Options(NotifierOptions)` and
`build(options, context) -> Notifier`. It sends once and says whether to retry; queueing, order, backoff and
limits of repetition are the outbox's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Protocol

from pydantic import BaseModel, ConfigDict, Field

from opsbot.clock import Clock
from opsbot.domain.incident import Entry
from opsbot.domain.levels import Priority, Severity
from opsbot.domain.notice import Receipt, Telling
from opsbot.domain.quiet import SPAN

QuietSpan = Annotated[str, Field(pattern=SPAN)]
"""From–to of a day, such as "22:00-07:00"; it may go over midnight."""


class NotifierOptions(BaseModel):
    """What every notifier has: whether it is on, which severities and priorities it is told of, how often
    the same alert may be repeated to it (`rate_limit_minutes`; changes of state always go, 0 is no limit),
    how many messages it may be sent in a minute (`max_per_minute`; what must wait is told in its final
    state), and hours in which it is told of urgent incidents only (`quiet_hours`, such as "22:00-07:00" in
    the machine's time zone; `quiet_except` and what is more urgent goes through, the rest waits for their
    end).

    Inputs are kept out of pydantic's messages, since most options here are secrets.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    reaches_people: ClassVar[bool] = True
    """Somebody reads it as it comes: what only a file was told still counts as unheard."""

    edits_silently: ClassVar[bool] = False
    """What stands there is changed without disturbing anybody, so quiet hours hold no change of it back."""

    enabled: bool = True
    alert_levels: frozenset[Severity] = frozenset(Severity)
    priorities: frozenset[Priority] = frozenset(Priority)
    rate_limit_minutes: float = Field(default=0, ge=0)
    max_per_minute: float = Field(default=40, ge=0)
    quiet_hours: QuietSpan | None = None
    quiet_except: Priority = Priority.P1


@dataclass(frozen=True, slots=True)
class NotifierContext:
    """`name`: the notifier's name in the configuration; `ports`: what the composition root gives to single
    kinds (such as the bot's `DiscordTransport` for `discord`). `attachments`: the folder with the files of
    timelines; `timeline`: gives an incident's whole timeline, oldest first, or an `OpsbotError`."""

    name: str
    clock: Clock
    ports: Mapping[str, Any] = field(default_factory=dict)
    attachments: Path | None = None
    timeline: Callable[[int], Awaitable[list[Entry]]] | None = None


class Notifier(Protocol):
    """Sends notices to one place."""

    async def deliver(self, telling: Telling) -> Receipt | None:
        """Tells of one incident as it is now. Returns where it stands, if this notifier edits later.

        Raises:
            DeliveryError: not delivered; it says whether a retry can help.
        """

    async def close(self) -> None:
        """Lets go of connections."""
