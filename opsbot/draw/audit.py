"""The audit, and an incident with all that happened in it, in lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from opsbot.domain.actor import Actor, ActorKind
from opsbot.domain.audit import AuditEntry
from opsbot.domain.incident import Incident
from opsbot.draw.incident import utc_text
from opsbot.draw.limits import EMBED_DESCRIPTION, clamp
from opsbot.draw.payload import Colour, Embed, File, Payload
from opsbot.draw.summary import facts, headline
from opsbot.text import discord_time, one_line, safe_text, units

FILE = "audit.txt"

SHOWN = 25
"""Acts in a message; more go into a file."""

NOTHING = "Nobody did anything that fits."

_NAME, _TARGET, _VERB, _REASON, _WHOLE = 80, 100, 60, 120, 500


def audit_payload(acts: Sequence[AuditEntry]) -> Payload:
    """Newest first; what a message cannot hold stands in a file with all of them."""
    if not acts:
        return clamp(Payload(embeds=(Embed(title="🧾 Audit", description=NOTHING, colour=Colour.GREY),)))
    kept, left = list[str](), EMBED_DESCRIPTION - 60
    for act in acts[:SHOWN]:
        line = _shown(act)
        left -= units(line) + 1
        if left < 0:
            break
        kept.append(line)
    files: tuple[File, ...] = ()
    if len(kept) < len(acts):
        kept.append(f"… and {len(acts) - len(kept):,} more in {FILE}")
        files = (File(FILE, audit_text(acts).encode("utf-8", "replace") + b"\n"),)
    title = f"🧾 Audit: the newest {len(acts):,}" if len(acts) > 1 else "🧾 Audit: the newest act"
    embed = Embed(title=title, description="\n".join(kept), colour=Colour.BLUE)
    return clamp(Payload(embeds=(embed,), files=files))


def _shown(act: AuditEntry) -> str:
    about = f" {safe_text(act.target, _TARGET)}" if act.target else ""
    reason = f": {safe_text(act.reason, _REASON)}" if act.reason else ""
    who = f"**{safe_text(act.actor.name, _NAME) or 'somebody'}**"
    verb, outcome = safe_text(act.verb, _VERB), safe_text(act.outcome, _VERB)
    return f"{discord_time(act.at.wall, 'f')} {who} {verb}{about} · {outcome}{reason}"


def audit_text(acts: Sequence[AuditEntry]) -> str:
    """One line each, in the order given; ends without a newline."""
    return "\n".join(_line(act) for act in acts) or NOTHING


def _line(act: AuditEntry) -> str:
    about = f" {one_line(act.target, _TARGET)}" if act.target else ""
    reason = f": {one_line(act.reason, _WHOLE)}" if act.reason else ""
    verb, outcome = one_line(act.verb, _VERB), one_line(act.outcome, _VERB)
    return f"{utc_text(act.at.wall)}  {_who(act.actor)}  {verb}{about}, {outcome}{reason}"


def _who(actor: Actor) -> str:
    name = one_line(actor.name, _NAME)
    if actor.kind is ActorKind.AUTO:
        return name
    where = "command line" if actor.kind is ActorKind.CLI else "Discord"
    return f"{name} ({where}, {one_line(actor.id, _NAME)})"


def audit_data(acts: Sequence[AuditEntry]) -> list[dict[str, Any]]:
    """For programs. Times in seconds since 1970 UTC."""
    return [
        {
            "at": act.at.wall,
            "actor": {
                "kind": act.actor.kind.value,
                "id": one_line(act.actor.id, _NAME),
                "name": one_line(act.actor.name, _NAME),
            },
            "verb": one_line(act.verb, _VERB),
            "target": one_line(act.target, _TARGET),
            "outcome": one_line(act.outcome, _VERB),
            "reason": one_line(act.reason, _WHOLE),
        }
        for act in acts
    ]


def story_text(incident: Incident) -> str:
    """An incident with its whole timeline, for the terminal; ends without a newline."""
    rows = facts(incident)
    width = max(len(name) for name, _ in rows) + 1
    lines = [f"#{incident.id} {headline(incident)}", ""]
    lines += [f"{name + ':':{width}} {value}" for name, value in rows]
    return "\n".join([*lines, "", *_timeline(incident)])


def _timeline(incident: Incident) -> Iterator[str]:
    for entry in incident.timeline:
        who = f"{one_line(entry.actor.name, _NAME)}: " if entry.actor else ""
        file = f" [{one_line(entry.file, _NAME)}]" if entry.file else ""
        first, *rest = entry.text.split("\n")
        yield f"{utc_text(entry.at.wall)}  {who}{one_line(first, _WHOLE)}{file}"
        yield from (f"    {one_line(line, _WHOLE)}" for line in rest)
