"""A small bot with one of everything the simulation must carry."""

from __future__ import annotations

import asyncio
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from opsbot.demo.discord_sim import SimulatedDiscord
from tests.sim import plain_bot


class AckButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"t:ack:(?P<n>\d+)"):
    """A button that survives the bot's restart."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(discord.ui.Button(label="Acknowledge", custom_id=f"t:ack:{number}"))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: discord.ui.Item[Any], match: Any, /
    ) -> AckButton:
        return cls(int(match["n"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        where = "guild" if interaction.guild_id else "private"
        text = f"{interaction.user.name} acknowledged {self.number} ({where})"
        await interaction.response.send_message(text, ephemeral=True)


def ack_view(number: int = 1) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    view.add_item(AckButton(number))
    return view


class Reason(discord.ui.Modal, title="Why?"):
    why: discord.ui.TextInput[Any] = discord.ui.TextInput(label="Reason", custom_id="why")

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"because {self.why.value}")


def bot_with_commands(guild_id: int, intents: discord.Intents | None = None) -> commands.Bot:
    """`/health` answers late after a thinking defer; `/why` asks by modal; `/mute` says nothing."""
    bot = plain_bot(intents)
    bot.add_dynamic_items(AckButton)
    guild = discord.Object(guild_id)

    @bot.tree.command(description="Health of a target", guild=guild)
    async def health(interaction: discord.Interaction, target: str) -> None:
        await interaction.response.defer(thinking=True)
        await interaction.followup.send(embed=discord.Embed(title=f"{target} is fine"))

    @health.autocomplete("target")
    async def targets(_: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        names = ("summarybot", "webhook", "database")
        return [app_commands.Choice(name=n, value=n) for n in names if n.startswith(current)]

    @bot.tree.command(description="Asks for a reason", guild=guild)
    async def why(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Reason())

    @bot.tree.command(description="Says nothing", guild=guild)
    async def mute(interaction: discord.Interaction) -> None:
        await asyncio.sleep(0)

    @bot.tree.command(description="Only for admins", guild=guild)
    @app_commands.default_permissions(administrator=True)
    async def restart(interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"refused for {interaction.user.name}")

    async def sync() -> None:
        await bot.tree.sync(guild=guild)

    bot.setup_hook = sync  # type: ignore[method-assign]
    return bot


def ops(bot: discord.Client, sim: SimulatedDiscord) -> discord.TextChannel:
    """The ops channel as the bot has it."""
    channel = bot.get_channel(sim.world.ops.id)
    assert isinstance(channel, discord.TextChannel)
    return channel
