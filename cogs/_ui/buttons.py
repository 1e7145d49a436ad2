"""The base of all buttons and menus: found by custom_id, so they work on old messages and after a restart."""

from __future__ import annotations

import re
from typing import Any, ClassVar

import discord

from cogs._ui.gate import NotAllowed, admit, allowed
from cogs._ui.host import Asked
from cogs._ui.trouble import explain
from opsbot.domain.access import Permission
from opsbot.domain.actor import Actor
from opsbot.domain.incident import Incident

NUMBER = r"[1-9][0-9]{0,17}"
"""An incident in a custom_id."""


class GuardedItem(discord.ui.DynamicItem[Any], template=r"(?!)"):
    """A button or menu with its permission. `verb`: the word for the audit. `key`: what its custom_id
    names."""

    permission: ClassVar[Permission]
    verb: ClassVar[str]

    def __init__(self, item: discord.ui.Item[Any], key: str = "") -> None:
        super().__init__(item)
        self.key = key

    @classmethod
    async def from_custom_id(  # type: ignore[override]  # discord.py is generic in the client here
        cls, _: Asked, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> GuardedItem:
        """The control that was used, rebuilt."""
        return cls(item, match["key"])

    async def interaction_check(self, asked: Asked, /) -> bool:  # type: ignore[override]
        """Refuses whoever may not, before the callback."""
        return await admit(asked, self.permission, self.verb, self.subject)

    async def callback(self, asked: Asked) -> None:  # type: ignore[override]
        """`pressed`, with every error told."""
        try:
            await self.pressed(asked)
        except Exception as error:
            await explain(asked, error)

    @property
    def subject(self) -> str:
        """What is named in the audit."""
        return self.key

    def person(self, asked: Asked) -> Actor:
        """Who pressed, if they still may; asked right before the side effect."""
        return allowed(asked, self.permission, self.verb, self.subject)

    async def pressed(self, asked: Asked) -> None:
        """What the control does."""


class GuardedButton(GuardedItem, template=r"(?!)"):
    """The button of an incident."""

    @property
    def subject(self) -> str:
        """What is named in the audit."""
        return f"incident {self.key}"

    def incident(self, asked: Asked) -> Incident:
        """The incident that the button names. One that does not exist is refused like an outsider."""
        found = asked.client.operations.incident(int(self.key))
        if found is None:
            raise NotAllowed(self.verb, self.subject, "no such incident: an old button or a forged one")
        return found
