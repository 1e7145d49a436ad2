"""A payload as Discord's JSON (https://discord.com/developers/docs/resources/message#create-message)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from opsbot.draw.payload import Button, Embed, Menu, Payload

SUPPRESS_NOTIFICATIONS = 1 << 12  # resources/message#message-object-message-flags
_ROW, _BUTTON, _MENU = 1, 2, 3  # components/reference#component-object-component-types


def message_json(payload: Payload) -> dict[str, Any]:
    """The body of "create message". Only `payload.roles` may ping; a reply to a lost message still goes."""
    body: dict[str, Any] = edit_json(payload)
    if payload.silent:
        body["flags"] = SUPPRESS_NOTIFICATIONS
    if payload.reply_to is not None:
        body["message_reference"] = {"message_id": str(payload.reply_to), "fail_if_not_exists": False}
    if payload.nonce:
        body |= {"nonce": payload.nonce, "enforce_nonce": True}
    return body


def edit_json(payload: Payload) -> dict[str, Any]:
    """The body of "edit message": without `content` when that is to stay."""
    body: dict[str, Any] = {
        "embeds": [_embed(embed) for embed in payload.embeds],
        "components": [{"type": _ROW, "components": [_item(item) for item in row]} for row in payload.rows],
        "allowed_mentions": {"parse": [], "roles": [str(role) for role in payload.roles]},
    }
    if payload.content is not None:
        body["content"] = payload.content
    return body


def _embed(embed: Embed) -> dict[str, Any]:
    texts = {"title": embed.title, "description": embed.description}
    body: dict[str, Any] = {"color": int(embed.colour), **{key: text for key, text in texts.items() if text}}
    if embed.fields:
        body["fields"] = [{"name": f.name, "value": f.value, "inline": f.inline} for f in embed.fields]
    if embed.footer:
        body["footer"] = {"text": embed.footer}
    if embed.image:
        body["image"] = {"url": f"attachment://{embed.image}"}
    if embed.at is not None:
        body["timestamp"] = datetime.fromtimestamp(embed.at, UTC).isoformat()
    return body


def _item(item: Button | Menu) -> dict[str, Any]:
    if isinstance(item, Button):
        return _button(item)
    return {
        "type": _MENU,
        "custom_id": item.custom_id,
        "placeholder": item.placeholder,
        "min_values": 1,
        "max_values": item.most,
        "options": [{"label": c.label, "value": c.value, "default": c.chosen} for c in item.choices],
    }


def _button(button: Button) -> dict[str, Any]:
    body: dict[str, Any] = {
        "type": _BUTTON,
        "style": button.style.value,
        "label": button.label,
        "custom_id": button.custom_id,
        "disabled": button.disabled,
    }
    if button.emoji:
        body["emoji"] = {"name": button.emoji}
    return body
