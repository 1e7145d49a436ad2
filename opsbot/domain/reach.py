"""What opsbot itself reaches, and how Discord is: what probes answer, and what is known by that."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from opsbot.domain.moment import Moment


class Via(StrEnum):
    """What a probe tries."""

    CONTROL = "control"  # an address that has nothing to do with Discord
    NAMES = "names"  # the resolver
    STATUS = "status"  # Discord's status page, which is hosted elsewhere
    REST = "rest"  # Discord's API
    GATEWAY = "gateway"  # opsbot's own connection to Discord


class Discord(StrEnum):
    """How Discord is."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one probe found. `name`: what was tried, for people. `reached`: None when it says nothing, such as
    a connection that is not made yet; `at`: when it was reached, if not just now. `discord`: what it says of
    Discord, None nothing. `text`: one clause for people."""

    via: Via
    name: str
    reached: bool | None
    text: str = ""
    discord: Discord | None = None
    at: Moment | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of all probes comes to.

    `started`: of what is said here nothing is older, but for `discord_at`. `connected`: None when it cannot
    be told; `tried`: what failed, in words. `discord`: None when that is not asked yet; `discord_text`: why,
    one clause; `discord_at`: of the newest evidence that it is up.
    """

    started: Moment
    connected: bool | None
    tried: str = ""
    discord: Discord | None = None
    discord_text: str = ""
    discord_at: Moment | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """What is known now; an observation, made anew after a restart.

    `guarded`: somebody probes at all. `first`: start of the first round; `ever`: whether anything was
    reached since. `seen`: start of the newest round that did not find opsbot cut off; `cut_off`: since when
    it is cut off itself; `back`: when that ended last. `absences`: earlier times without a connection, each
    (last good round, back). `discord` with its words and its newest evidence, judged at `discord_seen`;
    `discord_lost`: it was out of sight or down since it was last found up; `discord_back`: when it was found
    up after that.
    """

    guarded: bool = False
    first: Moment | None = None
    ever: bool = False
    seen: Moment | None = None
    cut_off: Moment | None = None
    back: Moment | None = None
    absences: tuple[tuple[Moment, Moment], ...] = ()
    discord: Discord = Discord.UNKNOWN
    discord_text: str = "opsbot has not asked yet"
    discord_at: Moment | None = None
    discord_seen: Moment | None = None
    discord_lost: bool = False
    discord_back: Moment | None = None
