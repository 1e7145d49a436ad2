"""The bot's own channel: only options."""

from __future__ import annotations

from opsbot.domain.levels import Priority
from opsbot.notifiers.base import NotifierOptions


class Options(NotifierOptions):
    """Where incidents stand, whom they ping."""

    channel_id: int
    role_ids: tuple[int, ...] = ()
    on_call_ids: tuple[int, ...] = ()
    ping_from: Priority = Priority.P3
    threads: bool = True
