"""A notifier that nobody reads as it comes."""

from __future__ import annotations

from typing import ClassVar

from opsbot.notifiers.base import NotifierOptions


class Options(NotifierOptions):
    """None of its own."""

    reaches_people: ClassVar[bool] = False
