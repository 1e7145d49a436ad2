"""Whether something is switched off, before its model is asked."""

from __future__ import annotations

from typing import Any


def is_off(data: Any) -> bool:
    """Whether a notifier is switched off; what a switch may be called is pydantic's business."""
    said = data.get("enabled", True) if isinstance(data, dict) else True
    return said is False or str(said).lower() in ("false", "no", "off", "0", "n", "f")
