"""The ops channel in a terminal: each message as it appears, and each edit that changes what one reads."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

import discord

_TWICE = re.compile(r"<t:(\d+):([RT])> \(<t:\1:[RT]>\)")  # as an age and as a clock: ages grow old on paper
_TIMESTAMP = re.compile(r"<t:(\d+)(?::[a-zA-Z])?>")
_CHANNEL = re.compile(r"<#\d+>")
_MENTION = re.compile(r"<@&(\d+)>")
_ESCAPED = re.compile(r"\\([*_`~|>\[\]()#\-.@:/])")


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
            if text == before or not text:  # a bot that is thinking says nothing
                continue
            self._seen[message.id] = text
            if before is None:
                self._show(f"#ops  {message.author.name}\n{_indented(text)}")
            else:
                self._show(f"#ops  {message.author.name} (edited)\n{_indented(_new(text, before))}")

    def text(self, message: discord.Message) -> str:
        """A message as a person reads it."""
        lines = [self._plain(message.content)] if message.content else []
        for embed in message.embeds:
            lines += [self._plain(part) for part in (embed.title, embed.description) if part]
            for field in embed.fields:
                lines += _titled(self._plain(field.name or ""), self._plain(field.value or ""))
        buttons = [
            f"[{child.label}]"
            for row in message.components
            if isinstance(row, discord.ActionRow)
            for child in row.children
            if isinstance(child, discord.Button) and not child.disabled
        ]
        return "\n".join([*lines, *([" ".join(buttons)] if buttons else [])])

    def _plain(self, text: str) -> str:
        text = _TWICE.sub(r"<t:\1:T>", text)
        text = _TIMESTAMP.sub(lambda m: _clock(int(m[1])), text)
        text = _CHANNEL.sub("the thread", text)
        text = _MENTION.sub(lambda m: f"@{self._roles.get(int(m[1]), 'role')}", text)
        return _ESCAPED.sub(r"\1", text.replace("**", ""))


def _clock(wall: int) -> str:
    """A time of today, or with its day."""
    at = datetime.fromtimestamp(wall).astimezone()
    return f"{at:%H:%M:%S}" if at.date() == datetime.now(at.tzinfo).date() else f"{at:%Y-%m-%d %H:%M:%S}"


def _titled(name: str, value: str) -> list[str]:
    """A field on one line, or with its lines below its name."""
    if "\n" not in value:
        return [f"{name}: {value}"]
    return [f"{name}:", *(f"  {line}" for line in value.splitlines())]


def _new(text: str, before: str) -> str:
    """The lines that an edit brought; all of them when it only took some away."""
    old = set(before.splitlines())
    lines = [line for line in text.splitlines() if line not in old]
    return "\n".join(lines) or text


def _indented(text: str) -> str:
    return "\n".join(f"      {line}" for line in text.splitlines())
