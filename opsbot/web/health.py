"""Whether opsbot itself works: every loop has come round of late, and what is asked of it is decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from opsbot import __version__
from opsbot.clock import Clock
from opsbot.runtime.core import Runtime
from opsbot.runtime.waiting import within
from opsbot.text import one_line, seconds_text

DECIDES = 5.0
"""Seconds in which whatever is handed to the pipeline must be decided."""

SHOWN = 300
"""Characters of a reason."""


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
    """Looks; takes as long as a decision does, `DECIDES` seconds at most. A loop that blocks the others is
    seen by there being no answer."""
    reasons = [
        f"{loop} should have come round {seconds_text(late)} ago"
        for loop, late in sorted(runtime.pulse.late(clock.now().mono).items())
    ]
    try:
        await within(runtime.pipeline.caught_up(), clock, DECIDES)
    except TimeoutError:
        reasons.append(f"nothing was decided for {DECIDES:g} s: {runtime.pipeline.queued} inputs wait")
    return Verdict(tuple(one_line(reason, SHOWN) for reason in reasons))
