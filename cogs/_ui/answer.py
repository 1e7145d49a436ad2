"""Payloads as discord.py's objects, and the three ways to answer an interaction."""

from __future__ import annotations

from typing import Any

import discord

from cogs._ui.host import Asked
from opsbot.draw.limits import NOTHING
from opsbot.draw.payload import Payload
from opsbot.draw.wire import message_json

_SEEN = "opsbot_everybody_sees"  # in `extras`: the deferred answer is not private


async def think(asked: Asked, *, private: bool) -> None:
    """Answers within Discord's 3 seconds that the answer is coming."""
    asked.extras[_SEEN] = not private
    await asked.response.defer(thinking=True, ephemeral=private)


async def say(asked: Asked, payload: Payload, *, private: bool) -> None:
    """The answer, or the next state of it; `private` counts only if nothing was answered yet."""
    if asked.response.is_done():
        await asked.edit_original_response(**_parts(payload))
        return
    parts = _parts(payload)
    view = parts.pop("view") or discord.utils.MISSING
    await asked.response.send_message(**parts, view=view, ephemeral=private)


async def say_privately(asked: Asked, payload: Payload) -> None:
    """The answer, for the asker's eyes only, even if everybody was promised one."""
    if asked.response.is_done() and asked.extras.pop(_SEEN, False):
        # a followup takes the place, and the publicity, of a promised answer: so that is kept first
        await asked.edit_original_response(content=NOTHING)
        parts = _parts(payload)
        await asked.followup.send(**parts | {"view": discord.utils.MISSING}, ephemeral=True)
        await asked.delete_original_response()
        return
    await say(asked, payload, private=True)


async def turn_into(asked: Asked, payload: Payload) -> None:
    """The message whose button was pressed becomes this; at once, as the first answer."""
    await asked.response.edit_message(**_parts(payload))


def _parts(payload: Payload) -> dict[str, Any]:
    body = message_json(payload)
    return {
        "content": payload.content,
        "embeds": [discord.Embed.from_dict(embed) for embed in body["embeds"]],
        "view": _view(payload),
        "allowed_mentions": discord.AllowedMentions.none(),
    }


def _view(payload: Payload) -> discord.ui.View | None:
    """The buttons. Stopped, so that discord.py keeps nothing: presses come back by their custom_id."""
    if not payload.rows:
        return None
    view = discord.ui.View(timeout=None)
    for number, row in enumerate(payload.rows):
        for button in row:
            view.add_item(
                discord.ui.Button(
                    label=button.label,
                    custom_id=button.custom_id,
                    style=discord.ButtonStyle(button.style.value),
                    disabled=button.disabled,
                    emoji=button.emoji or None,
                    row=number,
                )
            )
    view.stop()
    return view
