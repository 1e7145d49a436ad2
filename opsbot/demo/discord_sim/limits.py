"""The judge of messages: Discord's own limits, written down independently of opsbot's.

What opsbot clamps, this rejects; a number that is wrong on one side shows. Sources:
https://discord.com/developers/docs/resources/message (message and embed limits),
https://discord.com/developers/docs/components/reference (components).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from simcord.backend.errors import BackendError

from opsbot.demo.discord_sim.form import Form

Path = tuple[str | int, ...]
Json = Mapping[str, Any]

MAX_CONTENT = 2_000
MAX_NONCE = 25
MAX_EMBEDS = 10
MAX_EMBED_TITLE = 256
MAX_EMBED_DESCRIPTION = 4_096
MAX_EMBED_FIELDS = 25
MAX_FIELD_NAME = 256
MAX_FIELD_VALUE = 1_024
MAX_FOOTER = 2_048
MAX_AUTHOR = 256
MAX_ALL_EMBEDS = 6_000
MAX_FILES = 10
MAX_FILE_BYTES = 10 * 1024 * 1024

EMPTY_MESSAGE = 50006
TOO_LARGE = 40005

Texts = list[tuple[Path, Any, int, int]]


def judge_message(body: Json, files: Sequence[int], *, may_be_empty: bool = False) -> None:
    """Raise BackendError as Discord answers: `files` holds their sizes in bytes."""
    if any(size > MAX_FILE_BYTES for size in files):
        raise BackendError(413, TOO_LARGE, "Request entity too large")
    form = Form()
    form.text(("content",), body.get("content"), MAX_CONTENT)
    form.text(("nonce",), _text_or_none(body.get("nonce")), MAX_NONCE)
    if len(files) > MAX_FILES:
        message = f"Must be {MAX_FILES} or fewer in length."
        form.wrong(("attachments",), "BASE_TYPE_MAX_LENGTH", message)
    _judge_embeds(form, body)
    judge_rows(form, body.get("components"), int(body.get("flags") or 0))
    form.raise_if_wrong()
    if not may_be_empty and not files and not any(_visible(body)):
        raise BackendError(400, EMPTY_MESSAGE, "Cannot send an empty message")


def _text_or_none(value: Any) -> str | None:
    return None if value is None else str(value)


def _visible(body: Json) -> Iterator[bool]:
    yield bool(str(body.get("content") or "").strip())
    yield any(bool(embed) for embed in body.get("embeds") or [])
    yield from (bool(body.get(key)) for key in ("embed", "components", "sticker_ids", "poll"))
    yield (body.get("message_reference") or {}).get("type") == 1  # a forward


def _judge_embeds(form: Form, body: Json) -> None:
    embeds = form.size(("embeds",), body.get("embeds"), MAX_EMBEDS)
    total = 0
    for index, embed in enumerate(embeds):
        if not isinstance(embed, Mapping):
            form.wrong(("embeds", index), "MODEL_TYPE_CONVERT", "Only dictionaries may be used")
            continue
        texts = _embed_texts(form, ("embeds", index), embed)
        for path, value, longest, shortest in texts:
            form.text(path, value, longest, shortest)
            total += len(value.strip()) if isinstance(value, str) else 0
        _judge_links(form, ("embeds", index), embed)
    if total > MAX_ALL_EMBEDS:
        message = f"Embed size exceeds maximum size of {MAX_ALL_EMBEDS}"
        form.wrong(("embeds",), "MAX_EMBED_SIZE_EXCEEDED", message)


def _embed_texts(form: Form, at: Path, embed: Json) -> Texts:
    texts: Texts = [
        ((*at, "title"), embed.get("title"), MAX_EMBED_TITLE, 0),
        ((*at, "description"), embed.get("description"), MAX_EMBED_DESCRIPTION, 0),
    ]
    for section, key, longest in (("footer", "text", MAX_FOOTER), ("author", "name", MAX_AUTHOR)):
        if embed.get(section) is not None:
            texts.append(((*at, section, key), embed[section].get(key), longest, 1))
    fields = form.size((*at, "fields"), embed.get("fields"), MAX_EMBED_FIELDS)
    for index, field in enumerate(fields):
        texts.append(((*at, "fields", index, "name"), field.get("name"), MAX_FIELD_NAME, 1))
        texts.append(((*at, "fields", index, "value"), field.get("value"), MAX_FIELD_VALUE, 1))
    return texts


def _judge_links(form: Form, at: Path, embed: Json) -> None:
    links: list[tuple[Path, Any]] = [(("url",), embed.get("url"))]
    links += [((s, "url"), (embed.get(s) or {}).get("url")) for s in ("image", "thumbnail")]
    for path, url in links:
        if url and urlsplit(str(url)).scheme not in ("http", "https", "attachment"):
            form.wrong((*at, *path), "URL_TYPE_INVALID_URL", "Not a well formed URL.")
    colour = embed.get("color")
    if colour is not None and not 0 <= int(colour) <= 0xFFFFFF:
        form.wrong((*at, "color"), "NUMBER_TYPE_MAX", "int value should be less than or equal to")


# ------------------------------------------------------------------ components

MAX_ROWS = 5
MAX_BUTTONS_IN_ROW = 5
MAX_CUSTOM_ID = 100
MAX_BUTTON_LABEL = 80
MAX_PLACEHOLDER = 150
MAX_SELECT_OPTIONS = 25
MAX_OPTION_TEXT = 100
MAX_V2_COMPONENTS = 40

COMPONENTS_V2 = 1 << 15
ROW, BUTTON, STRING_SELECT = 1, 2, 3
SELECTS = (3, 5, 6, 7, 8)
LINK_STYLE, PREMIUM_STYLE = 5, 6


def judge_rows(form: Form, components: Any, flags: int) -> None:
    """Rows of buttons and selects; of a V2 layout only the number (simcord judges its shape)."""
    v2 = bool(flags & COMPONENTS_V2)
    rows = form.size(("components",), components, MAX_V2_COMPONENTS if v2 else MAX_ROWS)
    seen: set[str] = set()
    for index, row in enumerate(rows):
        at: Path = ("components", index)
        if not isinstance(row, Mapping):
            form.wrong(at, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        elif row.get("type") == ROW:
            _judge_row(form, at, row, seen)
        elif not v2:
            form.choice((*at, "type"), row.get("type"), (ROW,))


def _judge_row(form: Form, at: Path, row: Json, seen: set[str]) -> None:
    items = form.size((*at, "components"), row.get("components"), MAX_BUTTONS_IN_ROW, 1)
    if any(item.get("type") in SELECTS for item in items) and len(items) > 1:
        form.wrong((*at, "components"), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 1 in length.")
    for index, item in enumerate(items):
        here = (*at, "components", index)
        if item.get("type") == BUTTON:
            _judge_button(form, here, item)
        else:
            form.choice((*here, "type"), item.get("type"), (BUTTON, *SELECTS))
            _judge_select(form, here, item)
        _judge_custom_id(form, here, item, seen)


def _judge_button(form: Form, at: Path, button: Json) -> None:
    form.text((*at, "label"), button.get("label"), MAX_BUTTON_LABEL)
    if not button.get("label") and not button.get("emoji") and button.get("style") != PREMIUM_STYLE:
        form.wrong((*at, "label"), "BASE_TYPE_REQUIRED", "This field is required")


def _judge_select(form: Form, at: Path, select: Json) -> None:
    form.text((*at, "placeholder"), select.get("placeholder"), MAX_PLACEHOLDER)
    if select.get("type") != STRING_SELECT:
        return
    options = form.size((*at, "options"), select.get("options"), MAX_SELECT_OPTIONS, 1)
    for index, option in enumerate(options):
        for key, shortest in (("label", 1), ("value", 1), ("description", 0)):
            form.text((*at, "options", index, key), option.get(key), MAX_OPTION_TEXT, shortest)


def _judge_custom_id(form: Form, at: Path, item: Json, seen: set[str]) -> None:
    if item.get("style") in (LINK_STYLE, PREMIUM_STYLE) and item.get("type") == BUTTON:
        return
    custom_id = item.get("custom_id")
    form.text((*at, "custom_id"), custom_id, MAX_CUSTOM_ID, 1)
    if custom_id in seen:
        message = "Component custom id cannot be duplicated"
        form.wrong((*at, "custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", message)
    seen.add(str(custom_id))
