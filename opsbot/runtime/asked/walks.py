"""Runbooks, and walks through them."""

from __future__ import annotations

from typing import Protocol


class Walks(Protocol):
    """Runbooks, and walks through them."""
