"""Log files, each followed once for all who want to know."""

from __future__ import annotations

from typing import Protocol


class LogFeeds(Protocol):
    """Placeholder of the port; the log module defines it."""
