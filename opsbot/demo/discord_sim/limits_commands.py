"""The judge of registered commands.

https://discord.com/developers/docs/interactions/application-commands
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from simcord.backend.errors import BackendError

from opsbot.demo.discord_sim.form import Form

Path = tuple[str | int, ...]
Json = Mapping[str, Any]

MAX_CHAT_COMMANDS = 100
MAX_CONTEXT_COMMANDS = 5  # a kind, since 2021; user and message commands each
MAX_NAME = 32
MAX_DESCRIPTION = 100
MAX_OPTIONS = 25
MAX_CHOICES = 25
MAX_CHOICE_TEXT = 100
MAX_COMMAND_TEXT = 8_000  # names, descriptions and choice values of one command together
MAX_CREATIONS_A_DAY = 200

CHAT_INPUT, USER, MESSAGE = 1, 2, 3
SUBCOMMAND, GROUP = 1, 2
CHOICE_TYPES = (3, 4, 10)
DAILY_CREATIONS = 30034
TOO_MANY = 30032


def judge_commands(commands: Any) -> None:
    """Raise BackendError as Discord answers to a bulk overwrite."""
    form = Form()
    listed = commands if isinstance(commands, list) else []
    seen: set[tuple[int, str]] = set()
    for index, command in enumerate(listed):
        _judge_command(form, (index,), command)
        key = (command.get("type", CHAT_INPUT), str(command.get("name")))
        if key in seen:
            message = "Application command names must be unique"
            form.wrong((index,), "APPLICATION_COMMANDS_DUPLICATE_NAME", message)
        seen.add(key)
    form.raise_if_wrong()
    for kind, most in ((CHAT_INPUT, MAX_CHAT_COMMANDS), (USER, 5), (MESSAGE, 5)):
        if sum(k == kind for k, _ in seen) > most:
            message = f"Maximum number of application commands reached ({most})."
            raise BackendError(400, TOO_MANY, message)


def _judge_command(form: Form, at: Path, command: Json) -> None:
    if command.get("type", CHAT_INPUT) != CHAT_INPUT:
        form.text((*at, "name"), command.get("name"), MAX_NAME, 1)
        if command.get("description"):
            message = "Context menu commands cannot have description"
            form.wrong((*at, "description"), "APPLICATION_COMMAND_INVALID_DESCRIPTION", message)
        return
    _judge_name(form, at, command.get("name"))
    form.text((*at, "description"), command.get("description"), MAX_DESCRIPTION, 1)
    _judge_options(form, at, command.get("options"), depth=0)
    if sum(map(len, _texts(command))) > MAX_COMMAND_TEXT:
        message = f"Command exceeds maximum size ({MAX_COMMAND_TEXT})"
        form.wrong(at, "APPLICATION_COMMAND_TOO_LARGE", message)


def _judge_name(form: Form, at: Path, name: Any) -> None:
    form.text((*at, "name"), name, MAX_NAME, 1)
    if isinstance(name, str) and name and not _well_named(name):
        message = "Command name is invalid"
        form.wrong((*at, "name"), "APPLICATION_COMMAND_INVALID_NAME", message)


def _well_named(name: str) -> bool:
    r"""`^[-_\p{L}\p{N}]{1,32}$`, and lower case where there is one."""
    letters = all(char in "-_" or unicodedata.category(char)[0] in "LN" for char in name)
    return letters and name == name.lower()


def _judge_options(form: Form, at: Path, options: Any, depth: int) -> None:
    listed = form.size((*at, "options"), options, MAX_OPTIONS)
    optional_seen = False
    names: set[str] = set()
    for index, option in enumerate(listed):
        here = (*at, "options", index)
        _judge_option(form, here, option, depth)
        if option.get("required") and optional_seen:
            message = "Required options must be placed before non-required options"
            form.wrong(here, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", message)
        optional_seen = optional_seen or not option.get("required")
        if str(option.get("name")) in names:
            message = "Option name must be unique"
            form.wrong((*here, "name"), "APPLICATION_COMMAND_OPTIONS_NAME_INVALID", message)
        names.add(str(option.get("name")))
    kinds = {option.get("type") in (SUBCOMMAND, GROUP) for option in listed}
    if len(kinds) > 1:
        message = "Sub-command and sub-command group option types are mutually exclusive"
        form.wrong((*at, "options"), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", message)


def _judge_option(form: Form, at: Path, option: Json, depth: int) -> None:
    _judge_name(form, at, option.get("name"))
    form.text((*at, "description"), option.get("description"), MAX_DESCRIPTION, 1)
    kind = option.get("type")
    form.choice((*at, "type"), kind, tuple(range(1, 12)))
    if kind in (SUBCOMMAND, GROUP):
        deepest = 1 if kind == SUBCOMMAND else 0
        if depth > deepest:
            message = "Sub-command groups may be nested once"
            form.wrong((*at, "type"), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", message)
        _judge_options(form, at, option.get("options"), depth + 1)
    _judge_choices(form, at, option)


def _judge_choices(form: Form, at: Path, option: Json) -> None:
    choices = form.size((*at, "choices"), option.get("choices"), MAX_CHOICES)
    if choices and option.get("autocomplete"):
        message = "Choices and autocomplete are mutually exclusive"
        form.wrong((*at, "choices"), "APPLICATION_COMMAND_OPTIONS_CHOICES_INVALID", message)
    if choices and option.get("type") not in CHOICE_TYPES:
        form.choice((*at, "type"), option.get("type"), CHOICE_TYPES)
    for index, choice in enumerate(choices):
        here = (*at, "choices", index)
        form.text((*here, "name"), choice.get("name"), MAX_CHOICE_TEXT, 1)
        form.text((*here, "value"), str(choice.get("value", "")), MAX_CHOICE_TEXT, 1)


def _texts(node: Json) -> Iterator[str]:
    yield from (str(node.get(key) or "") for key in ("name", "description", "value"))
    for key in ("options", "choices"):
        for child in node.get(key) or []:
            yield from _texts(child)
