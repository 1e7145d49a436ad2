"""Payloads as discord.py's objects, and the ways to answer an interaction."""

from __future__ import annotations

import io
from typing import Any

import discord

from cogs._ui.host import Asked
from opsbot.draw.limits import NOTHING
from opsbot.draw.payload import Button, Menu, Payload
from opsbot.draw.wire import message_json

_SEEN = "opsbot_everybody_sees"  # in `extras`: the deferred answer is not private
_IN_PLACE = "opsbot_in_place"  # in `extras`: the deferred answer is the message whose control was used


async def think(asked: Asked, *, private: bool) -> None:
    """Answers within Discord's 3 seconds that the answer is coming."""
    asked.extras[_SEEN] = not private
    await asked.response.defer(thinking=True, ephemeral=private)


async def think_in_place(asked: Asked) -> None:
    """Answers within 3 seconds that the message whose button or menu was used will change; it stays as it is
    until then."""
    asked.extras[_IN_PLACE] = True
    await asked.response.defer()


async def say(asked: Asked, payload: Payload, *, private: bool) -> None:
    """The answer, or the next state of it; `private` counts only if nothing was answered yet."""
    if asked.response.is_done():
        await asked.edit_original_response(**_edited(payload))
        return
    await asked.response.send_message(**_new(payload), ephemeral=private)


async def place_of(asked: Asked) -> str:
    """Where the answer that was promised stands, "channel/message"; empty when Discord does not say."""
    try:
        answer = await asked.original_response()
    except discord.DiscordException:
        return ""
    return f"{answer.channel.id}/{answer.id}"


async def say_privately(asked: Asked, payload: Payload) -> None:
    """The answer, for the asker's eyes only, even if everybody was promised one."""
    if asked.response.is_done() and asked.extras.pop(_IN_PLACE, False):
        await asked.followup.send(**_new(payload), ephemeral=True)
        return
    if asked.response.is_done() and asked.extras.pop(_SEEN, False):
        # a followup takes the place, and the publicity, of a promised answer: so that is kept first
        await asked.edit_original_response(content=NOTHING)
        await asked.followup.send(**_new(payload) | {"view": discord.utils.MISSING}, ephemeral=True)
        await asked.delete_original_response()
        return
    await say(asked, payload, private=True)


async def turn_into(asked: Asked, payload: Payload) -> None:
    """The message whose button was pressed becomes this; at once, as the first answer."""
    await asked.response.edit_message(**_edited(payload))


async def change(message: discord.PartialMessage, payload: Payload) -> None:
    """A message of the bot's becomes this, however long ago it was an answer."""
    await message.edit(**_edited(payload))


def _parts(payload: Payload) -> dict[str, Any]:
    body = message_json(payload)
    return {
        "content": payload.content,
        "embeds": [discord.Embed.from_dict(embed) for embed in body["embeds"]],
        "view": _view(payload),
        "allowed_mentions": discord.AllowedMentions.none(),
    }


def _edited(payload: Payload) -> dict[str, Any]:
    """Files take the place of those that were there; a message that never had any is not asked about them."""
    parts = _parts(payload)
    return parts | {"attachments": _files(payload)} if payload.files or payload.rows else parts


def _new(payload: Payload) -> dict[str, Any]:
    parts = _parts(payload)
    view = parts.pop("view") or discord.utils.MISSING
    return parts | {"view": view, "files": _files(payload)}


def _files(payload: Payload) -> list[discord.File]:
    return [discord.File(io.BytesIO(file.content), file.name) for file in payload.files]


def _view(payload: Payload) -> discord.ui.View | None:
    """The controls. Stopped, so that discord.py keeps nothing: presses come back by their custom_id."""
    if not payload.rows:
        return None
    view = discord.ui.View(timeout=None)
    for number, row in enumerate(payload.rows):
        for item in row:
            view.add_item(_button(item, number) if isinstance(item, Button) else _menu(item, number))
    view.stop()
    return view


def _button(button: Button, row: int) -> discord.ui.Button[Any]:
    return discord.ui.Button(
        label=button.label,
        custom_id=button.custom_id,
        style=discord.ButtonStyle(button.style.value),
        disabled=button.disabled,
        emoji=button.emoji or None,
        row=row,
    )


def _menu(menu: Menu, row: int) -> discord.ui.Select[Any]:
    choices = [discord.SelectOption(label=c.label, value=c.value, default=c.chosen) for c in menu.choices]
    return discord.ui.Select(
        custom_id=menu.custom_id, placeholder=menu.placeholder, max_values=menu.most, options=choices, row=row
    )
