"""What people are answered who take incidents on, give them away, write to them and end them."""

from __future__ import annotations

from collections.abc import Sequence

from opsbot.domain.actor import Actor
from opsbot.domain.incident import Incident
from opsbot.draw.answers import incident_line, listed, notice
from opsbot.draw.payload import Colour, File, Payload
from opsbot.text import bytes_text, safe_text

SOON = "The channel sees it in a moment."

_NAME, _TEXT, _REASON = 80, 500, 300  # characters of one text


def taken(incident: Incident) -> Payload:
    """Somebody has acknowledged it."""
    return notice(
        f"✋ Incident #{incident.id} is yours", f"{_said(incident.ack_reason)}{SOON}", Colour.PURPLE
    )


def given(incident: Incident, actor: Actor, to: Actor) -> Payload:
    """`actor` has assigned it to `to`."""
    if actor == to:
        return notice(f"👤 Incident #{incident.id} is assigned to you", SOON, Colour.PURPLE)
    name = safe_text(to.name, _NAME) or "somebody"
    text = f"{SOON} Tell them: opsbot pings nobody for it."
    return notice(f"👤 Incident #{incident.id} is assigned to {name}", text, Colour.PURPLE)


def ended(incident: Incident, reason: str) -> Payload:
    """Somebody has resolved it."""
    text = f"{_said(reason)}{SOON} What still holds fires again, and reopens it."
    return notice(f"🟢 Incident #{incident.id} is resolved", text, Colour.GREEN)


def noted(incident: Incident, text: str) -> Payload:
    """Somebody has written a line into its timeline."""
    return notice(f"📝 Noted at incident #{incident.id}", safe_text(text, _TEXT), Colour.BLUE)


def exported(number: int, file: File) -> Payload:
    """The postmortem, as a file."""
    text = f"`{safe_text(file.name, _NAME)}`, {bytes_text(len(file.content))}, as things stand now."
    drawn = notice(f"📄 The postmortem of incident #{number}", text, Colour.BLUE)
    return Payload(embeds=drawn.embeds, files=(file,))


def newest_incidents(incidents: Sequence[Incident], most: int, target: str = "") -> Payload:
    """All incidents, over or not, newest first; no more than `most` were asked for."""
    of = f" of {safe_text(target, _NAME)}" if target else ""
    if not incidents:
        return notice(f"🟢 There was no incident{of} yet.", "", Colour.GREEN)
    title = f"The newest {most} incidents{of}" if len(incidents) >= most else f"All incidents{of}"
    return listed(title, map(incident_line, incidents))


def _said(reason: str) -> str:
    return f"“{safe_text(reason, _REASON)}”\n" if reason else ""
