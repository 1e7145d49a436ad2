"""The tree of commands: nothing runs before it was asked who may."""

from __future__ import annotations

import discord
from discord import app_commands

from cogs._ui.gate import NotAllowed, admit, allowed, needed
from cogs._ui.host import Asked, Host
from cogs._ui.trouble import explain
from opsbot.domain.access import Permission


class GuardedTree(app_commands.CommandTree[Host]):
    """Refuses in front of every command and every autocomplete; tells every error."""

    async def interaction_check(self, asked: Asked, /) -> bool:
        """Whether the command may run. A command that says not what it takes is refused."""
        verb, permission = _needed(asked)
        target = str(getattr(asked.namespace, "target", None) or "")
        if asked.type is not discord.InteractionType.autocomplete:
            return await admit(asked, permission, verb, target)
        try:
            allowed(asked, permission, verb, target)
        except NotAllowed:
            # not recorded: a keystroke is no attempt, and each would be a line in the audit
            await asked.response.autocomplete([])
            return False
        return True

    async def on_error(self, asked: Asked, error: app_commands.AppCommandError, /) -> None:
        """One private sentence."""
        await explain(asked, error)


def _needed(asked: Asked) -> tuple[str, Permission | None]:
    """The word for the audit, and what it takes. That a command is not known, those who may look are told."""
    command = asked.command
    if command is None:
        return "unknown command", Permission.VIEW
    return command.qualified_name, needed(command)
