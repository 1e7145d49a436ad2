"""The ops channel in a terminal: each message as it appears, and each edit that changes what one reads."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import discord

_TIMESTAMP = re.compile(r"<t:(\d+)(?::[a-zA-Z])?>")
_MENTION = re.compile(r"<@&(\d+)>")
_ESCAPED = re.compile(r"\\([*_`~|>\[\]()#\-.@:])")


class Channel:
    """Prints what is new in a channel. `roles`: names for role mentions."""

    def __init__(self, roles: dict[int, str], show: Callable[[str], None]) -> None:
        self._roles = roles
        self._show = show
        self._seen: dict[int, str] = {}

    def update(self, messages: list[discord.Message]) -> None:
        """Shows messages that are new or read differently now."""
        for message in messages:
            text = self.text(message)
            before = self._seen.get(message.id)
            if text == before:
                continue
            self._seen[message.id] = text
            verb = "edited" if before is not None else message.author.name
            self._show(f"#ops  {verb}\n{_indented(text)}")

    def text(self, message: discord.Message) -> str:
        """A message as a person reads it."""
        lines = [self._plain(message.content)] if message.content else []
        for embed in message.embeds:
            lines += [self._plain(part) for part in (embed.title, embed.description) if part]
            lines += [f"{self._plain(f.name or '')}: {self._plain(f.value or '')}" for f in embed.fields]
        buttons = [
            f"[{child.label}]"
            for row in message.components
            if isinstance(row, discord.ActionRow)
            for child in row.children
            if isinstance(child, discord.Button) and not child.disabled
        ]
        return "\n".join([*lines, *([" ".join(buttons)] if buttons else [])])

    def _plain(self, text: str) -> str:
        text = _TIMESTAMP.sub(lambda m: f"{datetime.fromtimestamp(int(m[1]), UTC):%H:%M:%S}", text)
        text = _MENTION.sub(lambda m: f"@{self._roles.get(int(m[1]), 'role')}", text)
        return _ESCAPED.sub(r"\1", text.replace("**", ""))


def _indented(text: str) -> str:
    return "\n".join(f"      {line}" for line in text.splitlines())
