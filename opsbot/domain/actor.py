"""Who asked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    """Where a wish came from."""

    DISCORD = "discord"
    CLI = "cli"
    AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Actor:
    """A Discord user (`id` the snowflake), a user of this machine (`id` the uid), or opsbot itself."""

    kind: ActorKind
    id: str
    name: str

    def __str__(self) -> str:
        return self.name


AUTO = Actor(ActorKind.AUTO, "opsbot", "opsbot")
"""opsbot itself, acting by its rules."""
