"""Discord's limits, and the one place where a payload is brought within them.

Sources: https://discord.com/developers/docs/resources/message (content, embeds, nonce) and
https://discord.com/developers/docs/components/reference (rows, buttons).
"""

from __future__ import annotations

from dataclasses import replace

from opsbot.draw.payload import Button, Embed, Field, Menu, Payload
from opsbot.text import clamp as clamp_text
from opsbot.text import encodable, units

CONTENT = 2000  # resources/message#create-message
NONCE = 25  # resources/message#create-message
EMBEDS = 10  # resources/message#create-message
ROLES = 100  # resources/message#allowed-mentions-object
EMBED_TITLE = 256  # resources/message#embed-object-embed-limits, and the next six
EMBED_DESCRIPTION = 4096
EMBED_FIELDS = 25
FIELD_NAME = 256
FIELD_VALUE = 1024
EMBED_FOOTER = 2048
EMBEDS_TOTAL = 6000  # characters over all embeds of a message
ROWS = 5  # components/reference#action-row
ROW_BUTTONS = 5  # components/reference#action-row
BUTTON_LABEL = 80  # components/reference#button
CUSTOM_ID = 100  # components/reference#button
CHOICES = 25  # components/reference#string-select, and the next three
CHOICE_LABEL = 100
CHOICE_VALUE = 100
PLACEHOLDER = 150
FILES = 10  # resources/message#create-message
THREAD_NAME = 100  # resources/channel#start-thread-from-message

NOTHING = "–"
"""Stands where Discord would refuse an empty text."""

_FENCE = "```"


def clamp(payload: Payload) -> Payload:
    """The payload within all limits: cut texts end with "…", what is beyond a count is left out.

    Drawing keeps within the limits by itself; this is for what nobody thought of. An over-long
    `custom_id` would come back as another one, so its button is left out.
    """
    rows = _rows(payload.rows)
    embeds = _embeds(payload.embeds)
    content = None if payload.content is None else clip(payload.content, CONTENT)
    if not embeds and not (content or "").strip():
        content = NOTHING
    return replace(
        payload,
        content=content,
        embeds=embeds,
        rows=rows,
        roles=payload.roles[:ROLES],
        nonce=payload.nonce[:NONCE],
        files=payload.files[:FILES],
    )


def clip(text: str, limit: int) -> str:
    """As `text.clamp`, and a code block that was cut is closed."""
    text = encodable(text[: limit + 1])  # one more than may stay shows that something is cut
    if units(text) <= limit:
        return text
    cut = clamp_text(text, limit)
    if cut.count(_FENCE) % 2 == 0:
        return cut
    closing = f"\n{_FENCE}"
    return clamp_text(cut.rstrip("`"), limit - len(closing)) + closing


def _embeds(embeds: tuple[Embed, ...]) -> tuple[Embed, ...]:
    left, kept = EMBEDS_TOTAL, []
    for embed in embeds[:EMBEDS]:
        fitted = _fit(_bounded(embed), left)
        if fitted is not None:
            kept.append(fitted)
            left -= _size(fitted)
    return tuple(kept)


def _bounded(embed: Embed) -> Embed:
    return replace(
        embed,
        title=clip(embed.title.strip(), EMBED_TITLE),
        description=clip(embed.description.strip(), EMBED_DESCRIPTION),
        fields=tuple(_field(field) for field in embed.fields[:EMBED_FIELDS]),
        footer=clip(embed.footer.strip(), EMBED_FOOTER),
    )


def _field(field: Field) -> Field:
    name = clip(field.name.strip(), FIELD_NAME) or NOTHING
    return replace(field, name=name, value=clip(field.value.strip(), FIELD_VALUE) or NOTHING)


def _fit(embed: Embed, left: int) -> Embed | None:
    """Leaves out the last fields, then the end of the description, until it has at most `left` units."""
    while embed.fields and _size(embed) > left:
        embed = replace(embed, fields=embed.fields[:-1])
    if (excess := _size(embed) - left) > 0:
        room = units(embed.description) - excess
        embed = replace(embed, description=clip(embed.description, room) if room > 0 else "")
    shown = embed.title or embed.description or embed.fields or embed.footer
    return embed if shown and _size(embed) <= left else None


def _size(embed: Embed) -> int:
    texts = [embed.title, embed.description, embed.footer]
    texts += [text for field in embed.fields for text in (field.name, field.value)]
    return sum(units(text) for text in texts)


def _rows(rows: tuple[tuple[Button | Menu, ...], ...]) -> tuple[tuple[Button | Menu, ...], ...]:
    seen: set[str] = set()
    kept = [tuple(b for item in row[:ROW_BUTTONS] if (b := _item(item, seen))) for row in rows]
    return tuple(row for row in kept if row)[:ROWS]


def _item(item: Button | Menu, seen: set[str]) -> Button | Menu | None:
    """None for what Discord would refuse: two with one custom_id in a message are an error."""
    wanted = item.custom_id
    if not wanted or units(wanted) > CUSTOM_ID or wanted in seen:
        return None
    seen.add(wanted)
    if isinstance(item, Menu):
        return _menu(item)
    return replace(item, label=clip(item.label.strip(), BUTTON_LABEL) or NOTHING)


def _comes_back(value: str) -> bool:
    return 0 < units(value) <= CHOICE_VALUE and encodable(value) == value


def _menu(menu: Menu) -> Menu | None:
    """A choice whose value does not fit would come back as another one, so it is left out."""
    fitting = {c.value: c for c in menu.choices if _comes_back(c.value)}
    choices = tuple(
        replace(c, label=clip(c.label.strip(), CHOICE_LABEL) or NOTHING)
        for c in list(fitting.values())[:CHOICES]
    )
    if not choices:
        return None
    most = max(1, min(menu.most, len(choices)))
    return replace(menu, placeholder=clip(menu.placeholder, PLACEHOLDER), choices=choices, most=most)
