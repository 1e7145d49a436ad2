"""A notifier that only has options."""

from __future__ import annotations

from opsbot.notifiers.base import NotifierOptions


class Options(NotifierOptions):
    """A mail's way."""

    smtp_host: str
    smtp_port: int = 587
    from_address: str
    to_addresses: tuple[str, ...]
