"""Why there is no connection, in the system's own words."""

from __future__ import annotations

import os

from opsbot.text import one_line

SHOWN = 80  # characters


def unreached(error: BaseException) -> str:
    """ "no connection (Connection refused)". asyncio's own text names the socket and not the trouble."""
    number = getattr(error, "errno", None)
    usual = os.strerror(number) if isinstance(number, int) and number > 0 else ""
    text = usual or getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"no connection ({one_line(str(text), SHOWN)})"
