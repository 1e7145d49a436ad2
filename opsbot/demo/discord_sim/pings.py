"""Who was pinged: the question behind every "loud outage, silent recovery"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simcord.backend import Backend

SUPPRESS_NOTIFICATIONS = 1 << 12


@dataclass(frozen=True, slots=True)
class Pings:
    """Whom one message notified, ids only. Nobody, when it was sent silently.

    Decided by content, allowed mentions and permissions when the message was made; embeds never
    ping, nor do edits.
    """

    message_id: int
    channel_id: int
    roles: frozenset[int] = frozenset()
    users: frozenset[int] = frozenset()
    everyone: bool = False
    silent: bool = False

    @property
    def nobody(self) -> bool:
        return not (self.roles or self.users or self.everyone)


class PingLog(list[Pings]):
    """One entry a new message, oldest first."""

    def __init__(self, backend: Backend) -> None:
        super().__init__()
        self._backend = backend
        backend.subscribers.append(self._on_event)

    def of(self, message_id: int) -> Pings:
        """Raises KeyError for a message that nobody sent."""
        for entry in self:
            if entry.message_id == message_id:
                return entry
        raise KeyError(message_id)

    def _on_event(self, event: str, payload: Mapping[str, Any]) -> None:
        if event != "MESSAGE_CREATE":
            return
        channel_id, message_id = int(payload["channel_id"]), int(payload["id"])
        message = self._backend.get_message(channel_id, message_id)
        if message.flags & SUPPRESS_NOTIFICATIONS:
            self.append(Pings(message_id, channel_id, silent=True))
            return
        roles, users = frozenset(message.ping_role_ids), frozenset(message.ping_user_ids)
        self.append(Pings(message_id, channel_id, roles, users, message.mention_everyone))
