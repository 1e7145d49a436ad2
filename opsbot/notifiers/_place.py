"""Where an incident stands in Discord, as a receipt remembers it."""

from __future__ import annotations

from dataclasses import dataclass

from opsbot.domain.notice import Receipt
from opsbot.notifiers._transport import made_at

Place = tuple[int, int]
"""Channel and message."""


MOMENTS = 5.0
"""Seconds by which this machine's clock and Discord's may differ; an alarm so soon after another is none."""


@dataclass(slots=True)
class Try:
    """A post of this process that is not known to be recorded. `place`: where it stands; None while no answer
    came. `wall`: of the first try, in seconds since 1970 UTC. `silent`: it told that something was over."""

    nonce: str
    wall: float
    silent: bool = False
    place: Place | None = None


def is_known(tried: Try | None, old: Place | None) -> bool:
    """Whether what this process posted is recorded."""
    return tried is None or (tried.place is not None and tried.place == old)


def is_before(place: Place, alarmed: float) -> bool:
    """Whether a message was made before an alarm (seconds since 1970 UTC): it told nobody of that."""
    return made_at(place[1]) < alarmed - MOMENTS


@dataclass(frozen=True, slots=True)
class Stand:
    """How much of the timeline stands beside the message. `thread`: its id, 0 while there is none; `lines`:
    so many are in it. `filed`: up to this line files went into the channel, because there was no thread.
    `parent`: while there is none, the older message of which it may have been made without an answer."""

    thread: int = 0
    lines: int = 0
    filed: int = 0
    parent: int = 0


def written(place: Place, stand: Stand) -> str:
    """ "channel/message/thread/lines", and "/filed/parent" where one of them is not 0."""
    rest = [stand.filed, stand.parent] if stand.filed or stand.parent else []
    return "/".join(map(str, [*place, stand.thread, stand.lines, *rest]))


def read(receipt: Receipt | None) -> tuple[Place | None, Stand]:
    """What a receipt says; no place when it cannot be read: then the incident is told anew. Receipts of
    before there were threads have two numbers."""
    parts = receipt.place.split("/") if receipt is not None else []
    if not (2 <= len(parts) <= 6 and all(part.isascii() and part.isdecimal() for part in parts)):
        return None, Stand()
    channel, message, *rest = map(int, parts)
    return (channel, message), Stand(*rest)
