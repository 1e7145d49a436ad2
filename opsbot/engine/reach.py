"""What a round of probes comes to: whether opsbot itself is cut off, and how Discord is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from opsbot.domain.moment import Moment
from opsbot.domain.reach import Answer, Discord, Reach, Round, Via
from opsbot.engine.restarts import HOUR

BY_NAME = frozenset({Via.STATUS, Via.REST, Via.GATEWAY})
"""What is reached by a name."""

INDEPENDENT = frozenset({Via.CONTROL, Via.STATUS})
"""What has nothing to do with Discord: without any of it, a dead line and a dead Discord look alike."""

NEVER_REACHED = 600.0
"""Seconds after which what has not been reached once since opsbot started counts as blocked (by a firewall)
and not as lost: else opsbot would stand still for ever on a machine that may not reach it."""


def judge(answers: Sequence[Answer], started: Moment) -> Round:
    """The verdict of a round that is through."""
    linked = connected(answers, started)
    tried = "; ".join(f"{a.name} ({a.text})" for a in answers if a.reached is False)
    discord, text = _discord(answers, started, linked)
    evidence = [a.at or started for a in answers if a.discord is Discord.UP]
    at = max(evidence, key=lambda moment: moment.mono, default=None)
    return Round(started, linked, tried, discord, text, at if discord is Discord.UP else None)


def connected(answers: Sequence[Answer], started: Moment) -> bool | None:
    """Whether anything was reached since `started`; None when it cannot be told.

    A name that is resolved proves nothing, for it may come from a cache; it counts where nothing else that is
    independent of Discord is tried. But whoever can resolve none, and reached nothing that has one, is cut
    off although numeric addresses answer.
    """
    reached = {a.via for a in answers if a.reached and a.via is not Via.NAMES and _since(a, started)}
    nameless = any(a.via is Via.NAMES and a.reached is False for a in answers)
    if reached & BY_NAME or (reached and not nameless):
        return True
    if nameless:
        return False
    tried = [a for a in answers if a.via in INDEPENDENT and a.reached is not None]
    if not tried:
        tried = [a for a in answers if a.via is Via.NAMES and a.reached is not None]
    return False if tried and not any(a.reached for a in tried) else None


def worse(found: Round, told: Round | None) -> bool:
    """Whether a round says something bad that is news, and is to be confirmed before anybody believes it."""
    was_cut_off = told is not None and told.connected is False
    was_down = told is not None and told.discord is Discord.DOWN
    return (found.connected is False and not was_cut_off) or (found.discord is Discord.DOWN and not was_down)


def _since(answer: Answer, started: Moment) -> bool:
    return answer.at is None or answer.at.mono >= started.mono


def _discord(answers: Sequence[Answer], started: Moment, linked: bool | None) -> tuple[Discord, str]:
    """How Discord is, with the reason: its own word first, then opsbot's own connection, then its API."""
    if linked is False:
        return Discord.UNKNOWN, "opsbot itself is cut off from the network"
    by = {answer.via: answer for answer in answers}
    status, gateway, rest = by.get(Via.STATUS), by.get(Via.GATEWAY), by.get(Via.REST)
    if status is not None and status.discord is Discord.DOWN:
        return Discord.DOWN, status.text
    if gateway is not None and gateway.discord is Discord.UP:
        return Discord.UP, gateway.text
    outside = _outside(answers, started)
    if gateway is not None and gateway.discord is Discord.DOWN:
        sure = outside or (rest is not None and rest.reached)
        return (Discord.DOWN if sure else Discord.UNKNOWN), gateway.text
    if rest is not None and rest.discord is Discord.DOWN:
        return Discord.DOWN, rest.text
    if rest is not None and rest.reached is False:
        text = f"its API does not answer opsbot either ({rest.text})"
        return (Discord.DOWN, f"{text}, while {outside} does") if outside else (Discord.UNKNOWN, text)
    if gateway is not None and gateway.discord is Discord.UNKNOWN:
        return Discord.UNKNOWN, gateway.text
    if rest is not None and rest.discord is Discord.UP:
        return Discord.UP, rest.text
    return Discord.UNKNOWN, "opsbot has no connection of its own to see it by"


def _outside(answers: Sequence[Answer], started: Moment) -> str:
    """Something independent that was reached, while names are resolved: then it is not opsbot's line."""
    if any(a.via is Via.NAMES and a.reached is False for a in answers):
        return ""
    return next((a.name for a in answers if a.via in INDEPENDENT and a.reached and _since(a, started)), "")


def taken(before: Reach, found: Round, now: Moment) -> Reach:
    """What is known after a round."""
    first, ever = before.first or found.started, before.ever or found.connected is True
    lost = found.connected is False and (ever or now.since(first) < NEVER_REACHED)
    after = replace(
        before,
        first=first,
        ever=ever,
        seen=before.seen if lost else found.started,
        cut_off=(before.cut_off or found.started) if lost else None,
    )
    if before.cut_off is not None and not lost:
        gone = (before.seen or first, now)
        kept = [one for one in before.absences if now.since(one[1]) < HOUR]
        after = replace(after, back=now, absences=(*kept, gone))
    return _with_discord(after, found, now)


def _with_discord(after: Reach, found: Round, now: Moment) -> Reach:
    if found.discord is None:
        return after
    up = found.discord is Discord.UP
    lost = after.discord_lost or found.discord is Discord.DOWN or after.cut_off is not None
    return replace(
        after,
        discord=found.discord,
        discord_text=found.discord_text,
        discord_at=found.discord_at or after.discord_at,
        discord_seen=found.started,
        discord_lost=lost and not up,
        discord_back=now if up and lost else after.discord_back,
    )
