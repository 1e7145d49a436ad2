"""Who may do what in Discord."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Permission(IntEnum):
    """What a role may do; each includes the ones before it."""

    VIEW = 1  # health, metrics, incidents
    OPERATE = 2  # acknowledge, pause, resume, silence
    ADMINISTER = 3  # restart, stop, start, diagnostics


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever pressed or typed, as Discord vouches for it at that moment. Ids are snowflakes."""

    user_id: int
    name: str
    guild_id: int | None
    channel_id: int | None
    role_ids: frozenset[int]
    bot: bool = False


@dataclass(frozen=True, slots=True)
class AccessRules:
    """What the configuration says: one guild, roles by id for each permission, and, for what changes
    anything, the channels in which it may be asked (empty: any channel of the guild)."""

    guild_id: int
    viewers: frozenset[int]
    operators: frozenset[int]
    admins: frozenset[int]
    channels: frozenset[int] = frozenset()
