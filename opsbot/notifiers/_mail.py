"""A mail about an incident, and what a mail server's refusal means."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape

from opsbot.domain.incident import Incident
from opsbot.domain.levels import Priority
from opsbot.domain.moment import Moment
from opsbot.domain.notice import NoticeKind, Telling
from opsbot.draw.marks import incident_colour
from opsbot.draw.summary import facts, headline, timeline
from opsbot.errors import DeliveryError
from opsbot.notifiers._news import unique
from opsbot.text import one_line

SUBJECT = 150
"""Characters: mail programs show fewer (RFC 5322 allows 998 a line)."""


def compose(telling: Telling, sender: str, readers: tuple[str, ...], now: Moment) -> EmailMessage:
    """The mail. Its Message-ID comes from the incident and the row; each but the first answers the first."""
    incident = telling.incident
    domain = sender.rpartition("@")[2]
    first = f"<{unique(incident)}@{domain}>"
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = ", ".join(readers)
    mail["Subject"] = f"[opsbot #{incident.id}] {headline(incident, SUBJECT)}"
    mail["Date"] = format_datetime(datetime.fromtimestamp(now.wall, UTC))
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    if telling.receipt is None:
        mail["Message-ID"] = first
    else:
        mail["Message-ID"] = f"<{unique(incident)}.{telling.notice.id}@{domain}>"
        mail["In-Reply-To"] = mail["References"] = first
    if incident.priority is Priority.P1 and telling.notice.kind is not NoticeKind.RESOLVED:
        mail["Importance"] = "high"
    mail.set_content(as_text(incident, telling.late))
    mail.add_alternative(as_html(incident, telling.late), subtype="html")
    return mail


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


def failure(host: str, error: Exception) -> DeliveryError:
    """4xx answers (greylisting, full box), lost and refused connections and timeouts are transient; 5xx
    answers (RFC 5321 4.2.1), a required STARTTLS that is missing and a distrusted certificate permanent."""
    from aiosmtplib import SMTPException, SMTPRecipientsRefused

    if isinstance(error, SMTPRecipientsRefused):
        codes = [refused.code for refused in error.recipients]
        said = "; ".join(f"{refused.code} {refused.message}" for refused in error.recipients)
        return _error(host, said, permanent=all(code >= 500 for code in codes))
    if isinstance(getattr(error, "code", None), int):
        code = int(getattr(error, "code", 0))
        return _error(host, f"{code} {getattr(error, 'message', '')}", permanent=code >= 500)
    if _distrusted(error):
        return _error(host, "its certificate is not trusted: set `ca_file`", permanent=True)
    if isinstance(error, FileNotFoundError):
        return _error(host, "the file that `ca_file` names does not exist", permanent=True)
    if isinstance(error, (SMTPException, ValueError)) and not isinstance(error, OSError):
        return _error(host, str(error), permanent=True)
    said = "no answer in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
    return _error(host, said, permanent=False)


def _distrusted(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _error(host: str, said: str, *, permanent: bool) -> DeliveryError:
    return DeliveryError(f"{one_line(host, 80)}: {one_line(said, 160)}", permanent=permanent)
