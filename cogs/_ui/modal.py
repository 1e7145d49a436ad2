"""The base of all modals: one text to type, and what is asked about stands in the custom_id, so an answer is
understood also when opsbot was restarted while somebody typed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import discord

from cogs._ui.buttons import NUMBER
from cogs._ui.gate import NotAllowed, admit, allowed, turn_away
from cogs._ui.host import Asked, Host
from cogs._ui.trouble import explain
from opsbot.domain.access import Permission
from opsbot.domain.actor import Actor
from opsbot.text import one_line

LONGEST = 300
"""Characters that can be typed."""

_FIELD = "why"  # custom_id of the text within the modal
_CUSTOM_ID = re.compile(rf"opsbot:(?P<word>[a-z_-]+):(?P<number>{NUMBER})", re.ASCII)


class GuardedModal:
    """A question about an incident, with its permission. `verb`: the word for the audit; `word`: in the
    custom_id, `opsbot:<word>:<incident>`; `title`: at most 45 characters with the incident's number in them;
    `label`: at most 45, above the text, which may be left empty."""

    permission: ClassVar[Permission]
    verb: ClassVar[str]
    word: ClassVar[str]
    title: ClassVar[str]
    label: ClassVar[str]

    def __init__(self, number: int) -> None:
        self.number = number

    @property
    def subject(self) -> str:
        """What is named in the audit."""
        return f"incident {self.number}"

    def person(self, asked: Asked) -> Actor:
        """Who answers, if they still may; asked right before the side effect."""
        return allowed(asked, self.permission, self.verb, self.subject)

    async def show(self, asked: Asked) -> None:
        """Asks. Discord takes that only as the first answer. Stopped, so that discord.py keeps nothing."""
        modal = discord.ui.Modal(
            title=self.title.format(incident=self.number),
            custom_id=f"opsbot:{self.word}:{self.number}",
            timeout=None,
        )
        field: discord.ui.TextInput[discord.ui.Modal] = discord.ui.TextInput(
            custom_id=_FIELD, required=False, max_length=LONGEST
        )
        modal.add_item(discord.ui.Label(text=self.label, component=field))
        modal.stop()
        await asked.response.send_modal(modal)

    @classmethod
    async def answered(cls, asked: Asked, number: int) -> None:
        """Somebody has sent the answer: refuses whoever may not (any more), and tells every error."""
        modal = cls(number)
        if not await admit(asked, modal.permission, modal.verb, modal.subject):
            return
        try:
            await modal.submitted(asked, typed(asked.data))
        except Exception as error:
            await explain(asked, error)

    async def submitted(self, asked: Asked, text: str) -> None:
        """What the answer does. `text`: what was typed, one line, perhaps empty."""


async def answer_modal(asked: Asked) -> None:
    """An answer came: of a modal that opsbot has, or a forged one, which is refused like an outsider."""
    data: Any = asked.data or {}
    found = _CUSTOM_ID.fullmatch(str(data.get("custom_id")))
    known = asked.client.modals.get(found["word"]) if found else None
    if found is None or known is None:
        await turn_away(asked, NotAllowed("submit", "", "a forged or unknown modal"))
        return
    await known(asked, int(found["number"]))


def add_modals(bot: Host, *modals: type[GuardedModal]) -> None:
    """Answers of these are understood from now on."""
    bot.modals |= {modal.word: modal.answered for modal in modals}


def remove_modals(bot: Host, *modals: type[GuardedModal]) -> None:
    """No more."""
    for modal in modals:
        bot.modals.pop(modal.word, None)


def typed(data: object) -> str:
    """The text of a modal's answer; empty where there is none."""
    for item in _inputs(data):
        value = item.get("value")
        if item.get("custom_id") == _FIELD and isinstance(value, str):
            return one_line(value, LONGEST)
    return ""


def _inputs(data: object) -> Iterator[Mapping[str, Any]]:
    """What stands in the rows or below the labels of an answer, whatever its shape."""
    rows = data.get("components") if isinstance(data, Mapping) else None
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, Mapping):
            below = row.get("components")
            found = [row.get("component"), *(below if isinstance(below, list) else [])]
            yield from (item for item in found if isinstance(item, Mapping))
