"""How long a test waits for what must come."""

import time

BOUND = 60.0  # seconds, enough on a loaded machine: a test waits for the event, and this only ends a hang


def rest(began: float, least: float) -> float:
    """Seconds to wait before the next look, where the last one began at `began` of the monotonic clock: at
    least `least`, and longer than looks take, for they keep from its work what is waited for."""
    return max(least, min(3.0 * (time.monotonic() - began), 0.5))
