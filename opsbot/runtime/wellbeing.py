"""Whether opsbot itself works: every loop has come round of late, and what is asked of it is decided."""

from __future__ import annotations

from opsbot.clock import Clock
from opsbot.runtime.pipeline import Pipeline
from opsbot.runtime.pulse import Pulse
from opsbot.runtime.waiting import within
from opsbot.text import one_line, seconds_text

DECIDES = 5.0
"""Seconds in which whatever is handed to the pipeline must be decided."""

SHOWN = 300
"""Characters of a reason."""


async def hindrances(pulse: Pulse, pipeline: Pipeline, clock: Clock) -> tuple[str, ...]:
    """Why it does not work, one clause each; takes as long as a decision does, `DECIDES` seconds at most. A
    loop that blocks the others is seen by there being no answer."""
    reasons = [
        f"{loop} should have come round {seconds_text(late)} ago"
        for loop, late in sorted(pulse.late(clock.now().mono).items())
    ]
    try:
        await within(pipeline.caught_up(), clock, DECIDES)
    except TimeoutError:
        reasons.append(f"nothing was decided for {DECIDES:g} s: {pipeline.queued} inputs wait")
    return tuple(one_line(reason, SHOWN) for reason in reasons)
