"""A mail about an incident."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape

from opsbot.domain.incident import Incident
from opsbot.domain.levels import IncidentState, Priority
from opsbot.domain.moment import Moment
from opsbot.domain.notice import NoticeKind, Telling
from opsbot.draw.marks import incident_colour
from opsbot.draw.summary import facts, headline, timeline
from opsbot.notifiers._news import told, unique

SUBJECT = 150
"""Characters: mail programs show fewer (RFC 5322 allows 998 a line)."""


def compose(telling: Telling, sender: str, readers: tuple[str, ...], now: Moment) -> EmailMessage:
    """The mail; `message_id` says how a mailbox knows a repeat, and each but the first answers the first."""
    incident = telling.incident
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = ", ".join(readers)
    mail["Subject"] = f"[opsbot #{incident.id}] {headline(incident, SUBJECT)}"
    mail["Date"] = format_datetime(datetime.fromtimestamp(now.wall, UTC))
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    first, own = message_id(telling, sender)
    mail["Message-ID"] = own
    if own != first:
        mail["In-Reply-To"] = mail["References"] = first
    if incident.priority is Priority.P1 and telling.notice.kind is not NoticeKind.RESOLVED:
        mail["Importance"] = "high"
    mail.set_content(as_text(incident, telling.late))
    mail.add_alternative(as_html(incident, telling.late), subtype="html")
    return mail


def message_id(telling: Telling, sender: str) -> tuple[str, str]:
    """Of the incident's first mail, and of this one: the same for a repeat, another as soon as the mail says
    something else, for a mailbox drops a second mail with an id that it has seen."""
    incident, notice = telling.incident, telling.notice
    domain = sender.rpartition("@")[2]
    first = f"<{unique(incident)}@{domain}>"
    opening = notice.kind is NoticeKind.OPENED and incident.state is IncidentState.OPEN
    if telling.receipt is None and opening:
        return first, first
    return first, f"<{unique(incident)}.{notice.id}.{told(incident).replace(' ', '-')}@{domain}>"


def as_text(incident: Incident, late: float = 0.0) -> str:
    """The plain part."""
    rows = [f"{name + ':':<16}{value}" for name, value in facts(incident, late)]
    happened = ["", "What happened:", *timeline(incident)] if incident.timeline else []
    return "\n".join([*rows, *happened, "", f"-- \nopsbot, incident #{incident.id}", ""])


def as_html(incident: Incident, late: float = 0.0) -> str:
    """The HTML part: a coloured title, a table, a list; no picture, no link, nothing loaded."""
    colour = f"#{incident_colour(incident.state, incident.priority):06x}"
    rows = "".join(
        f'<tr><td style="padding-right:1em;color:#666">{escape(name)}</td><td>{escape(value)}</td></tr>'
        for name, value in facts(incident, late)
    )
    happened = "".join(f"<li>{escape(line)}</li>" for line in timeline(incident))
    return (
        f'<div style="font-family:sans-serif"><h3 style="border-left:4px solid {colour};padding-left:8px">'
        f"{escape(headline(incident))}</h3><table>{rows}</table><ul>{happened}</ul>"
        f'<p style="color:#666">opsbot, incident #{incident.id}</p></div>'
    )
