"""Diagnostic bundles and profiles of targets."""

from __future__ import annotations

from typing import Protocol


class Bundles(Protocol):
    """Diagnostic bundles and profiles of targets."""
