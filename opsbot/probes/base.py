"""The port of probes: one way to find out whether opsbot itself reaches anything, or how Discord is."""

from __future__ import annotations

from typing import Protocol

from opsbot.domain.reach import Answer, Via

SHOWN = 120
"""Characters of a reason or an address that are kept."""


class Probe(Protocol):
    """Asked once a round. `via` says what it tries, `name` names it for people."""

    via: Via
    name: str

    async def ask(self) -> Answer:
        """Asks once. May raise anything: the prober makes an answer that says nothing of it, and bounds it in
        time: then nothing was reached."""
