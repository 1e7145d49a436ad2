"""`/restart` (and stop, and start) and the Restart button: asked, confirmed, then shown step by step."""

from __future__ import annotations

from dataclasses import replace

from discord import app_commands
from discord.ext import commands

from cogs._ui.answer import say, turn_into
from cogs._ui.buttons import NUMBER, GuardedButton
from cogs._ui.confirm import KEY, PATIENCE, Question, confirm_row
from cogs._ui.follow import follow
from cogs._ui.gate import NotAllowed, needs
from cogs._ui.host import Asked, Host
from cogs._ui.options import suggest_targets, the_target
from opsbot.domain.access import Permission
from opsbot.domain.action import Action, Rotate
from opsbot.domain.actor import Actor
from opsbot.domain.rule import ActionKind
from opsbot.draw.answers import action_question, notice, refusal
from opsbot.errors import UsageError
from opsbot.runtime.port import Operations
from opsbot.text import discord_time

MAX_REASON = 300  # characters

_NOUN = {
    ActionKind.RESTART: "restart",
    ActionKind.STOP: "stop",
    ActionKind.START: "start",
    ActionKind.ROTATE_LOGS: "rotation of the log",
}

ACTIONS = [
    app_commands.Choice(name=kind.value, value=kind.value)
    for kind in (ActionKind.RESTART, ActionKind.STOP, ActionKind.START)
]


async def ask_first(
    asked: Asked, kind: ActionKind, target: str, reason: str, incident: int | None = None
) -> None:
    """Shows the question to whoever wants a restart, stop or start, and to nobody else."""
    host = asked.client
    key = host.questions.ask(asked.user.id, kind, target, reason, incident)
    until = discord_time(host.clock.now().wall + PATIENCE)
    question = action_question(kind, target, reason)
    question = replace(question, content=f"This question closes {until}.", rows=(confirm_row(key),))
    await say(asked, question, private=True)


class RestartButton(GuardedButton, template=rf"opsbot:restart:(?P<key>{NUMBER})"):
    """On an incident: asks for confirmation first."""

    permission = Permission.ADMINISTER
    verb = "restart"

    async def pressed(self, asked: Asked) -> None:
        """A resolved incident's button is an old one: what it was for is over."""
        incident = self.incident(asked)
        if not incident.live:
            raise UsageError(
                f"Incident #{incident.id} is resolved. /restart restarts {incident.target} anyway."
            )
        await ask_first(
            asked, ActionKind.RESTART, incident.target, f"asked from incident #{incident.id}", incident.id
        )


class _Answer(GuardedButton, template=r"(?!)"):
    """Confirm or Cancel. Only who was asked may answer."""

    permission = Permission.ADMINISTER

    @property
    def subject(self) -> str:
        return "a confirmation"

    def check_asker(self, asked: Asked) -> None:
        """Raises NotAllowed for a question that was asked of somebody else."""
        if asked.client.questions.asker(self.key) not in (None, asked.user.id):
            raise NotAllowed(self.verb, self.subject, "it was asked of somebody else")


class Confirm(_Answer, template=rf"opsbot:confirm:(?P<key>{KEY})"):
    """Begins what was asked."""

    verb = "confirm action"

    async def pressed(self, asked: Asked) -> None:
        """The question is taken before anything is awaited: of two presses one finds it."""
        self.check_asker(asked)
        try:
            question = asked.client.questions.take(self.key)
        except UsageError as over:
            await turn_into(asked, refusal(str(over)))
            return
        await turn_into(asked, notice(f"⏳ Asking for the {_NOUN[question.kind]}", ""))
        await follow(asked, await _done(asked.client.operations, question, self.person(asked)))


async def _done(operations: Operations, asked: Question, actor: Actor) -> Action:
    if asked.kind is ActionKind.ROTATE_LOGS:
        return await operations.rotate(asked.target, asked.reason, actor, asked.rotate or Rotate())
    return await operations.act(asked.target, asked.kind, asked.reason, actor, asked.incident)


class Cancel(_Answer, template=rf"opsbot:cancel:(?P<key>{KEY})"):
    """Nothing is done."""

    verb = "cancel action"

    async def pressed(self, asked: Asked) -> None:
        """The question is gone."""
        self.check_asker(asked)
        try:
            question = asked.client.questions.take(self.key)
        except UsageError as over:
            await turn_into(asked, refusal(str(over)))
            return
        await turn_into(asked, refusal(f"You cancelled the {_NOUN[question.kind]} of {question.target}."))


class Restart(commands.Cog):
    """Restarts on demand."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot

    @app_commands.command(
        description="Restart, stop or start a target, after a confirmation",
        extras=needs(Permission.ADMINISTER),
    )
    @app_commands.describe(
        reason="Why; everybody can read it",
        target="Which target; may be left out when there is only one",
        action="What to do; a restart if left out. What is stopped stays so until somebody starts it",
    )
    @app_commands.choices(action=ACTIONS)
    @app_commands.autocomplete(target=suggest_targets)
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.guild_only()
    async def restart(
        self,
        asked: Asked,
        reason: app_commands.Range[str, 1, MAX_REASON],
        target: str | None = None,
        action: str = ActionKind.RESTART.value,
    ) -> None:
        """Shows the guide's six steps, or as many as a stop or start has."""
        name = the_target(self.bot.operations, target)
        await ask_first(asked, ActionKind(action), name, reason)


BUTTONS = (RestartButton, Confirm, Cancel)


async def setup(bot: Host) -> None:
    """Called by discord.py."""
    bot.add_dynamic_items(*BUTTONS)
    await bot.add_cog(Restart(bot), guild=bot.guild)


async def teardown(bot: Host) -> None:
    """Called by discord.py."""
    bot.remove_dynamic_items(*BUTTONS)
