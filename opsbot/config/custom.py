"""Actions that the file brings along."""

from __future__ import annotations

from opsbot.config.workshop import Workshop
from opsbot.domain.rule import ActionKind


def custom_actions(shop: Workshop) -> list[str]:
    """The actions in the file that opsbot does not have itself."""
    given = shop.value(("actions",))
    return [name for name in given if name not in list(ActionKind)] if isinstance(given, dict) else []
