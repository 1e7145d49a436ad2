"""The bot: opsbot's face in Discord, and the way by which notices reach the ops channel."""

from opsbot.bot.alone import LoneLine
from opsbot.bot.client import OpsBot
from opsbot.bot.line import DiscordLine

__all__ = ["DiscordLine", "LoneLine", "OpsBot"]
