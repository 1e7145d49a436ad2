"""Every command, option and button of the bot is in docs/commands.md, well named, and no cog is forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import discord
import pytest
from discord import app_commands

from opsbot.bot.client import OpsBot
from tests.cogs.stage import stage_of
from tests.sim import simulated_discord

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
DESCRIPTION = range(1, 101)  # https://discord.com/developers/docs/interactions/application-commands
NO_DESCRIPTION = "…"  # what discord.py puts where none was given


@pytest.fixture
async def bot() -> AsyncIterator[OpsBot]:
    """Logged in, all cogs loaded."""
    async with simulated_discord() as sim, stage_of(sim).running() as bot:
        yield bot


def leaves(bot: OpsBot) -> list[app_commands.Command[Any, ..., Any]]:
    return [c for c in bot.tree.walk_commands(guild=bot.guild) if isinstance(c, app_commands.Command)]


def section(name: str) -> str:
    head = f"### `/{name}`\n"
    return DOCUMENT.partition(head)[2].partition("\n#")[0] if head in DOCUMENT else ""


async def test_every_command_has_its_section(bot: OpsBot) -> None:
    assert [c.qualified_name for c in leaves(bot) if not section(c.qualified_name).strip()] == []


async def test_every_option_is_explained_in_its_commands_section(bot: OpsBot) -> None:
    missing = [
        f"/{command.qualified_name} {option.display_name}"
        for command in leaves(bot)
        for option in command.parameters
        if f"- `{option.display_name}`:" not in section(command.qualified_name)
    ]
    assert missing == []


async def test_no_section_tells_of_a_command_that_is_gone(bot: OpsBot) -> None:
    told = {line.split("`")[1] for line in DOCUMENT.splitlines() if line.startswith("### `/")}
    assert told == {f"/{command.qualified_name}" for command in leaves(bot)}


async def test_every_button_is_in_the_table(bot: OpsBot) -> None:
    words = {button.__discord_ui_compiled_template__.pattern.split(":")[1] for button in bot.buttons}
    assert [word for word in words if f"`opsbot:{word}:<" not in DOCUMENT] == []


async def test_every_modal_and_every_command_in_a_messages_menu_is_told_of(bot: OpsBot) -> None:
    menus = bot.tree.get_commands(guild=bot.guild, type=discord.AppCommandType.message)
    wanted = [f"`opsbot:{word}:<" for word in bot.modals] + [f"- **{menu.name}**" for menu in menus]
    assert [text for text in wanted if text not in DOCUMENT] == []


async def test_descriptions_are_there_and_short_enough(bot: OpsBot) -> None:
    texts = {f"/{c.qualified_name}": c.description for c in bot.tree.walk_commands(guild=bot.guild)}
    for command in leaves(bot):
        name = command.qualified_name
        texts |= {f"{name} {p.display_name}": str(p.description) for p in command.parameters}
    wrong = [name for name, text in texts.items() if len(text) not in DESCRIPTION or text == NO_DESCRIPTION]
    assert wrong == []


async def test_no_two_commands_have_one_name(bot: OpsBot) -> None:
    names = [command.qualified_name for command in leaves(bot)]
    assert len(names) == len(set(names))
    assert bot.tree.get_commands() == [], "all commands belong to the guild, none are global"


async def test_every_cog_file_is_loaded(bot: OpsBot) -> None:
    files = {f"cogs.{p.stem}" for p in (ROOT / "cogs").glob("*.py") if not p.stem.startswith("_")}
    assert set(bot.extensions) == files
