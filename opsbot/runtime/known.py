"""A target by its name."""

from __future__ import annotations

import difflib

from opsbot.engine.state import Known, State
from opsbot.errors import UsageError


def known_target(state: State, target: str) -> Known:
    """What is known of it.

    Raises:
        UsageError: there is none of that name; with the nearest right one.
    """
    known = state.known
    if target not in known:
        near = difflib.get_close_matches(target, known, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"known are {', '.join(known)}."
        raise UsageError(f"There is no target `{target[:80]}`: {hint}")
    return known[target]
