"""What a person reads in a message or an answer, and the buttons they see."""

from __future__ import annotations

from typing import Any

import discord


def text_of(message: discord.Message) -> str:
    """All that a message says."""
    parts = [message.content]
    for embed in message.embeds:
        parts += [embed.title or "", embed.description or ""]
        parts += [f"{field.name}: {field.value}" for field in embed.fields]
    return "\n".join(part for part in parts if part)


def said(result: Any) -> str:
    """All text of an answer to a command or a press."""
    answers = [r for r in (result.response, *result.followups) if r is not None]
    return "\n".join(text_of(answer) for answer in answers)


def shown(result: Any) -> Any:
    """The answer's message, for pressing its buttons."""
    assert result.response is not None
    return result.response


def custom_id(message: Any, label: str) -> str:
    """What the button of an answer with this label sends."""
    found = [b["custom_id"] for row in message.components for b in row["components"] if b["label"] == label]
    return str(found[0])


def footer(message: discord.Message) -> str:
    """Where the incident is named."""
    return " ".join(embed.footer.text or "" for embed in message.embeds)


def buttons(message: discord.Message) -> dict[str, bool]:
    """Whether each button can be pressed, by its label."""
    rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
    return {
        child.label or "": not child.disabled
        for row in rows
        for child in row.children
        if isinstance(child, discord.Button)
    }
