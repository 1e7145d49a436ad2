"""`nonce` with `enforce_nonce`: a repeated message is the first one again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

# "a few minutes": https://discord.com/developers/docs/resources/message#create-message
REMEMBERED_SECONDS = 300.0


class Nonces:
    """Remembers which message a nonce made, per channel. `remembered` is in seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.remembered = REMEMBERED_SECONDS
        self._now = now
        self._made: dict[tuple[int, str], tuple[float, int]] = {}

    def made(self, channel_id: int, body: Mapping[str, Any]) -> int | None:
        """The message an enforced nonce has already made, if it is not too long ago."""
        key = (channel_id, str(body.get("nonce")))
        if not body.get("enforce_nonce") or key not in self._made:
            return None
        at, message_id = self._made[key]
        return message_id if self._now() - at < self.remembered else None

    def remember(self, channel_id: int, body: Mapping[str, Any], message_id: int) -> None:
        if body.get("nonce") is not None:
            self._made[channel_id, str(body["nonce"])] = (self._now(), message_id)
