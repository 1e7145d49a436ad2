"""What is over: postmortems, reports, the audit."""

from __future__ import annotations

from typing import Protocol


class Memory(Protocol):
    """What is over: postmortems, reports, the audit."""
