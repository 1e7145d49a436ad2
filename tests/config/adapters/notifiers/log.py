"""A notifier that only has options."""

from __future__ import annotations

from opsbot.notifiers.base import NotifierOptions


class Options(NotifierOptions):
    """`file_path`: where to."""

    file_path: str = "./logs/alerts.log"
