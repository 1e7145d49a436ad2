"""What a fake remembers of a question."""

from __future__ import annotations

from dataclasses import dataclass

from opsbot.domain.actor import Actor


@dataclass(frozen=True, slots=True)
class Call:
    """One question or wish, with who asked, where that is said. `about`: target, incident or loop."""

    verb: str
    about: str = ""
    actor: Actor | None = None
    detail: str = ""
