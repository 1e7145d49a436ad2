"""A notifier that only has options."""

from __future__ import annotations

from pydantic import Field, SecretStr

from opsbot.notifiers.base import NotifierOptions


class Options(NotifierOptions):
    """`webhook_url`: where to."""

    webhook_url: SecretStr = Field(min_length=8)
