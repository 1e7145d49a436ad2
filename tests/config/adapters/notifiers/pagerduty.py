"""A notifier that only has options."""

from __future__ import annotations

from pydantic import SecretStr

from opsbot.notifiers.base import NotifierOptions


class Options(NotifierOptions):
    """`routing_key`: whose service."""

    routing_key: SecretStr
