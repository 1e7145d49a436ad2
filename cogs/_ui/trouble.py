"""What a person is told when a command or a button fails."""

from __future__ import annotations

import secrets

import discord
import structlog
from discord import app_commands

from cogs._ui.answer import say_privately
from cogs._ui.gate import NotAllowed, turn_away
from cogs._ui.host import Asked
from opsbot.draw.answers import failure, refusal
from opsbot.draw.payload import Payload
from opsbot.errors import UsageError

UNKNOWN_COMMAND = "This command is not known (any more): type / to see those that are."
BAD_OPTION = "An option has a value that this command cannot use."

log = structlog.get_logger("opsbot.discord")


async def explain(asked: Asked, error: BaseException) -> None:
    """One private sentence; an unexpected error's traceback goes to the log under an id. Never raises."""
    error = _cause(error)
    if isinstance(error, NotAllowed):
        await turn_away(asked, error)
        return
    payload = _sentence(error)
    if payload is None:
        number = secrets.token_hex(4)
        log.error("a command or button broke", error_id=number, exc_info=error)
        payload = failure(f"opsbot made a mistake. Its log says more under the error id {number}.")
    try:
        await say_privately(asked, payload)
    except Exception as unsaid:
        log.warning("an answer could not be given", error=repr(unsaid))


def _cause(error: BaseException) -> BaseException:
    """What was raised, without the wrappings of discord.py and of task groups."""
    if isinstance(error, app_commands.CommandInvokeError):
        return _cause(error.original)
    if isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        return _cause(error.exceptions[0])
    return error


def _sentence(error: BaseException) -> Payload | None:
    if isinstance(error, UsageError):
        return refusal(str(error))
    if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
        return refusal(UNKNOWN_COMMAND)
    if isinstance(error, app_commands.TransformerError):
        return refusal(BAD_OPTION)
    if isinstance(error, discord.NotFound):
        log.warning("Discord had forgotten the interaction", error=str(error))
        return failure("Discord lost the answer: please ask again.")
    return None
