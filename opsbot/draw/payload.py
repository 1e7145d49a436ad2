"""A Discord message as plain data: what is drawn here, a `DiscordTransport` or a webhook sends."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum, IntEnum


class Colour(IntEnum):
    """Colours of an embed's edge, 0xRRGGBB. Never the only sign: every title says the same in words."""

    RED = 0xED4245
    ORANGE = 0xE67E22
    YELLOW = 0xF1C40F
    BLUE = 0x3498DB
    PURPLE = 0x9B59B6
    GREEN = 0x2ECC71
    GREY = 0x95A5A6


class ButtonStyle(Enum):
    """Discord's four button styles that have a custom_id."""

    PRIMARY = 1
    SECONDARY = 2
    SUCCESS = 3
    DANGER = 4


@dataclass(frozen=True, slots=True)
class Button:
    """A button; `custom_id` comes back when it is pressed. `emoji`: one Unicode emoji or nothing."""

    label: str
    custom_id: str
    style: ButtonStyle = ButtonStyle.SECONDARY
    disabled: bool = False
    emoji: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A line of a menu; `chosen` ones are marked when it is shown. `value` comes back."""

    label: str
    value: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Menu:
    """A select menu, alone in its row. `most`: choices that may be taken together, at least one."""

    custom_id: str
    placeholder: str
    choices: tuple[Choice, ...]
    most: int = 1


@dataclass(frozen=True, slots=True)
class File:
    """A file that goes with a message. Edits by a `DiscordTransport` leave it as it is."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Field:
    """A named piece of an embed; `inline` ones stand side by side where the screen is wide."""

    name: str
    value: str
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Embed:
    """A framed part of a message. `at`: seconds since 1970 UTC, shown beside the footer. `image`: name of one
    of the message's files."""

    title: str = ""
    description: str = ""
    colour: Colour = Colour.GREY
    fields: tuple[Field, ...] = ()
    footer: str = ""
    at: float | None = None
    image: str = ""


@dataclass(frozen=True, slots=True)
class Payload:
    """A message.

    `content`: None sends no content, and leaves it as it stands when a message is edited (so the line that
    pinged stays readable). `roles`: ids of the roles that may ping from `content`; nothing else ever may.
    `silent`: no notification (Discord's SUPPRESS_NOTIFICATIONS). `reply_to`: id of a message in the same
    channel, answered if it still exists. `nonce`: at most 25 characters; Discord returns the existing
    message for a nonce repeated within minutes (send it with `enforce_nonce`). `files`: take the place of
    those that an edited message had.
    """

    content: str | None = None
    embeds: tuple[Embed, ...] = ()
    rows: tuple[tuple[Button | Menu, ...], ...] = ()
    roles: tuple[int, ...] = ()
    silent: bool = False
    reply_to: int | None = None
    nonce: str = ""
    files: tuple[File, ...] = ()


def fingerprint(payload: Payload) -> str:
    """Of what it shows: equal for two payloads between which an edit would change nothing."""
    shown = repr((payload.content, payload.embeds, payload.rows))
    return hashlib.sha256(shown.encode("utf-8", "replace")).hexdigest()
