"""How a target is after a deploy, as its message says it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from opsbot.domain.deploy_watch import DeployOutcome, Verdict
from opsbot.domain.silence import Deploy
from opsbot.draw.answers import notice
from opsbot.draw.payload import Colour, Payload
from opsbot.text import discord_time, inline_code, one_line, safe_text, seconds_text

_NAME, _CLAUSE = 80, 300

_LOOKS = {
    Verdict.WELL: ("✅", Colour.GREEN),
    Verdict.TROUBLE: ("⚠️", Colour.RED),
    Verdict.UNCERTAIN: ("❔", Colour.YELLOW),
}


def marker_of(deploy: Deploy) -> str:
    """What names a deploy for ever."""
    return f"Deploy of {datetime.fromtimestamp(deploy.at.wall, UTC):%Y-%m-%d %H:%M:%S.%f} UTC"


def watched(found: DeployOutcome) -> Payload:
    """What its message says from now on."""
    deploy = found.deploy
    mark, colour = _LOOKS[found.verdict]
    version, target = inline_code(deploy.version, _NAME), safe_text(deploy.target, _NAME)
    title = f"{mark} Deploy {version} of {target}: {safe_text(_headline(found), _CLAUSE)}"
    who = safe_text(deploy.actor.name, _NAME) or "somebody"
    lines = [f"By {who}, {discord_time(deploy.at.wall, 'T')} ({discord_time(deploy.at.wall)})."]
    clauses = [*found.troubles, *found.gaps, *found.notes]
    if found.verdict is not Verdict.WELL:
        clauses = clauses[1:]
    lines += [f"- {safe_text(one_line(clause, _CLAUSE), _CLAUSE)}" for clause in clauses]
    drawn = notice(title, "\n".join(lines), colour)
    return replace(drawn, embeds=(replace(drawn.embeds[0], footer=marker_of(deploy)),))


def _headline(found: DeployOutcome) -> str:
    text = found.headline
    if found.verdict is Verdict.WELL:
        return f"{text} after {seconds_text(found.seconds)}"
    if found.verdict is Verdict.UNCERTAIN:
        return f"whether all is well cannot be told: {text}"
    return text
