"""Whether opsbot itself works, as `/healthz` says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opsbot import __version__
from opsbot.clock import Clock
from opsbot.runtime.core import Runtime
from opsbot.runtime.wellbeing import hindrances


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reasons`: why not; empty when it works."""

    reasons: tuple[str, ...]

    @property
    def status(self) -> int:
        """The HTTP status: 200 or 503."""
        return 503 if self.reasons else 200

    @property
    def body(self) -> Mapping[str, Any]:
        """The answer, to be said as JSON."""
        well = {"status": "ok", "version": __version__}
        return (
            {"status": "failing", "version": __version__, "reasons": self.reasons} if self.reasons else well
        )


async def verdict(runtime: Runtime, clock: Clock) -> Verdict:
    """Looks; see `hindrances`."""
    return Verdict(await hindrances(runtime.pulse, runtime.pipeline, clock))
