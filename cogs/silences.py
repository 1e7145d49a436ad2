"""`/silence` and `/maintenance`, and the Silence button of an incident."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from cogs._ui.answer import say, say_privately, think, think_in_place
from cogs._ui.buttons import NUMBER, GuardedButton
from cogs._ui.gate import allowed, needs
from cogs._ui.host import Asked, Host
from cogs._ui.incident import Number, NumberChoices, live_incident
from cogs._ui.options import SUGGESTIONS, Choices, suggest_targets, suggestions, the_target
from opsbot.domain.access import Permission
from opsbot.domain.levels import Priority
from opsbot.domain.silence import LONGEST, SHORTEST, Matcher, Silence
from opsbot.draw import silences as drawn
from opsbot.errors import Refused, UsageError
from opsbot.runtime.port import Operations
from opsbot.runtime.spans import seconds_of
from opsbot.text import one_line

DURATIONS = ("15m", "30m", "1h", "2h", "4h", "8h", "1d", "7d")
PRIORITIES = [app_commands.Choice(name=one.value, value=one.value) for one in Priority]
MAX_REASON = 300  # characters

ALL = "*"
"""Stands for every target."""

WHICH = "Say which `target`, `rule` or `priority` is meant: `*` is every target."
Reason = app_commands.Range[str, 1, MAX_REASON]
Name = app_commands.Range[str, 1, 100]
_CHOICE = 100  # https://discord.com/developers/docs/interactions/application-commands: a choice's name


async def suggest_durations(_: Asked, current: str) -> Choices:
    """Usual ones."""
    return suggestions([one for one in DURATIONS if one.startswith(current.strip().lower())])


async def suggest_patterns(asked: Asked, current: str) -> Choices:
    """Targets, and all of them."""
    return [*(suggestions([ALL]) if current.strip() in ("", ALL) else []),
            *await suggest_targets(asked, current)][:SUGGESTIONS]  # fmt: skip


async def suggest_rules(asked: Asked, current: str) -> Choices:
    """Rules that fire now, or did in an open incident."""
    typed = current.casefold()
    rules = {line.rule: None for one in asked.client.operations.incidents() for line in one.alerts}
    return suggestions([rule for rule in rules if typed in rule.casefold()])


async def suggest_silences(asked: Asked, current: str) -> NumberChoices:
    """All that are in force, maintenance too."""
    return _numbers(await asked.client.operations.mutes.silences(), current)


async def suggest_maintenance(asked: Asked, current: str) -> NumberChoices:
    """The maintenance that people have begun."""
    return _numbers(
        [one for one in await asked.client.operations.mutes.silences() if one.maintenance], current
    )


def _numbers(held: list[Silence] | tuple[Silence, ...], current: str) -> NumberChoices:
    typed = current.strip().removeprefix("#")
    found = [one for one in held if str(one.id).startswith(typed)]
    return [app_commands.Choice(name=_label(one), value=one.id) for one in found[:SUGGESTIONS]]


def _label(one: Silence) -> str:
    about = ", ".join((*one.matcher.targets, *one.matcher.rules)) or "all targets"
    return one_line(f"#{one.id} · {about} · by {one.actor.name} {one.reason}", _CHOICE)


def matcher_of(
    operations: Operations, target: str | None, rule: str | None = None, priority: str | None = None
) -> Matcher:
    """What is meant. Names may hold `*`, and several stand with commas between them.

    Raises:
        UsageError: nothing was named, and there is not exactly one target.
    """
    targets, rules = _names(target), _names(rule)
    if target is None and rule is None and priority is None:
        if len(operations.targets()) != 1:
            raise UsageError(WHICH)
        targets = (the_target(operations, None),)
    targets = tuple(_known(operations, name) for name in targets)
    return Matcher(() if ALL in targets else targets, rules, Priority(priority) if priority else Priority.P1)


def _known(operations: Operations, name: str) -> str:
    """A pattern is judged by the runtime; a mere name is answered with the nearest right one here."""
    return name if "*" in name or name == "opsbot" else the_target(operations, name)


def _names(text: str | None) -> tuple[str, ...]:
    """What stands between the commas; none would mean all, so nobody may say that by a slip."""
    if text is None:
        return ()
    found = tuple(name for part in text.split(",") if (name := part.strip()))
    if not found:
        raise UsageError(WHICH)
    return found


class SilenceButton(GuardedButton, template=rf"opsbot:silence:(?P<key>{NUMBER})"):
    """On an incident: asks for how long."""

    permission = Permission.OPERATE
    verb = "silence"

    async def pressed(self, asked: Asked) -> None:
        """Asks the presser alone."""
        incident = await live_incident(asked, int(self.key), self.verb)
        self.person(asked)
        await say_privately(asked, drawn.how_long(incident))


class SpanButton(GuardedButton, template=rf"opsbot:silenced:(?P<key>{NUMBER}:(?:{'|'.join(drawn.SPANS)}))"):
    """The answer: so long."""

    permission = Permission.OPERATE
    verb = "choose a silence"

    async def pressed(self, asked: Asked) -> None:
        """The question becomes what was done."""
        number, span = self.key.split(":")
        await think_in_place(asked)
        incident = await live_incident(asked, int(number), self.verb)
        seconds = None if span == drawn.OVER else float(span)
        held = await asked.client.operations.mutes.silence_incident(
            incident.id, seconds, "", self.person(asked)
        )
        await say(asked, drawn.silenced(held), private=True)


class Silences(commands.Cog):
    """People are told less for a while."""

    def __init__(self, bot: Host) -> None:
        self.bot = bot

    silence = app_commands.Group(
        name="silence", description="Alerts that nobody is told of for a while", guild_only=True
    )
    maintenance = app_commands.Group(
        name="maintenance", description="Nobody is told, and nothing is done by itself", guild_only=True
    )

    @silence.command(name="add", description="Tell nobody of some alerts for a while; they are still handled",
                     extras=needs(Permission.OPERATE))  # fmt: skip
    @app_commands.describe(
        duration="For how long, such as 30m, 4h, 2d; at most 30d",
        target="Which targets, `*` for anything; may be left out when there is only one",
        rule="Only these rules, such as disk_*; all if left out",
        priority="Only this priority and less urgent ones: P2 leaves P1 to be told",
        reason="Why; everybody can read it",
    )
    @app_commands.choices(priority=PRIORITIES)
    @app_commands.autocomplete(duration=suggest_durations, target=suggest_patterns, rule=suggest_rules)
    async def add(
        self,
        asked: Asked,
        duration: str,
        target: Name | None = None,
        rule: Name | None = None,
        priority: str | None = None,
        reason: Reason | None = None,
    ) -> None:
        """Everybody sees who silenced what."""
        matcher = matcher_of(self.bot.operations, target, rule, priority)
        await self._begin(asked, "silence add", duration, matcher, reason or "")

    @silence.command(name="list", description="What is silenced now, by whom and until when",
                     extras=needs(Permission.VIEW))  # fmt: skip
    async def list_silences(self, asked: Asked) -> None:
        """Maintenance that people have begun too, for it silences as well."""
        await think(asked, private=True)
        await say(asked, drawn.silences_list(await self.bot.operations.mutes.silences()), private=True)

    @silence.command(
        name="end", description="End a silence before its time", extras=needs(Permission.OPERATE)
    )
    @app_commands.describe(number="Which one, as /silence list has it")
    @app_commands.autocomplete(number=suggest_silences)
    async def end_silence(self, asked: Asked, number: Number) -> None:
        """What it kept quiet and still fires is told."""
        await think(asked, private=False)
        await self._end(asked, "silence end", number)

    @maintenance.command(description="Work on targets: nobody is told, and opsbot does nothing by itself",
                         extras=needs(Permission.OPERATE))  # fmt: skip
    @app_commands.describe(
        duration="For how long, such as 30m, 4h, 2d; at most 30d",
        reason="Why; everybody can read it",
        target="Which targets, `*` for anything; may be left out when there is only one",
    )
    @app_commands.autocomplete(duration=suggest_durations, target=suggest_patterns)
    async def start(self, asked: Asked, duration: str, reason: Reason, target: Name | None = None) -> None:
        """Everybody sees who works on what."""
        matcher = matcher_of(self.bot.operations, target)
        await self._begin(asked, "maintenance start", duration, matcher, reason, maintenance=True)

    @maintenance.command(name="list", description="Maintenance in force, begun by people or by the file",
                         extras=needs(Permission.VIEW))  # fmt: skip
    async def list_maintenance(self, asked: Asked) -> None:
        """What goes on first, then what begins next."""
        mutes = self.bot.operations.mutes
        await think(asked, private=True)
        held = [one for one in await mutes.silences() if one.maintenance]
        await say(asked, drawn.maintenance_list(held, await mutes.windows()), private=True)

    @maintenance.command(name="end", description="End a maintenance before its time",
                         extras=needs(Permission.OPERATE))  # fmt: skip
    @app_commands.describe(number="Which one; may be left out when there is only one")
    @app_commands.autocomplete(number=suggest_maintenance)
    async def end_maintenance(self, asked: Asked, number: Number | None = None) -> None:
        """A window of the configuration ends by itself."""
        await think(asked, private=False)
        held = [one.id for one in await self.bot.operations.mutes.silences() if one.maintenance]
        await self._end(asked, "maintenance end", _one_of(held, number))

    async def _begin(
        self,
        asked: Asked,
        verb: str,
        duration: str,
        matcher: Matcher,
        reason: str,
        *,
        maintenance: bool = False,
    ) -> None:
        seconds = seconds_of(duration, "duration", SHORTEST, LONGEST)
        await think(asked, private=False)
        actor = allowed(asked, Permission.OPERATE, verb, ", ".join(matcher.targets))
        held = await self.bot.operations.mutes.silence(
            matcher, seconds, reason, actor, maintenance=maintenance
        )
        await say(asked, drawn.silenced(held), private=False)

    async def _end(self, asked: Asked, verb: str, number: int) -> None:
        actor = allowed(asked, Permission.OPERATE, verb, f"#{number}")
        await say(asked, drawn.ended(await self.bot.operations.mutes.end(number, actor)), private=False)


def _one_of(held: list[int], number: int | None) -> int:
    """The maintenance that is meant.

    Raises:
        Refused: there is none, or not exactly one.
    """
    known = ", ".join(f"#{one}" for one in held[:SUGGESTIONS])
    if number in held:
        return held[held.index(number)]
    if not held:
        raise Refused(
            "No maintenance is in force that people have begun; a window of the configuration ends by itself."
        )
    if number is None and len(held) == 1:
        return held[0]
    raise Refused(f"Say which maintenance is meant: {known}.")


BUTTONS = (SilenceButton, SpanButton)


async def setup(bot: Host) -> None:
    """Called by discord.py."""
    bot.add_dynamic_items(*BUTTONS)
    await bot.add_cog(Silences(bot), guild=bot.guild)


async def teardown(bot: Host) -> None:
    """Called by discord.py."""
    bot.remove_dynamic_items(*BUTTONS)
