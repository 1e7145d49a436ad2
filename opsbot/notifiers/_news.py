"""For notifiers that cannot edit: which changes are worth a message of their own.

Their receipt's place is what they told last, such as "open P2"; so a change of the timeline is no news, an
acknowledgement or a higher priority is, and both stay known over a restart.
"""

from __future__ import annotations

from opsbot.domain.incident import Incident
from opsbot.domain.notice import NoticeKind, Receipt, Telling


def told(incident: Incident) -> str:
    """What a message about the incident says at least."""
    return f"{incident.state.value} {incident.priority.value}"


def is_news(telling: Telling) -> bool:
    """Loud notices always are; others when they say more than what was told last."""
    if telling.notice.kind in (NoticeKind.OPENED, NoticeKind.ESCALATED):
        return True
    return telling.receipt is None or telling.receipt.place != told(telling.incident)


def receipt(name: str, incident: Incident) -> Receipt:
    """That the incident as it is was told."""
    return Receipt(name, incident.id, told(incident))


def unique(incident: Incident) -> str:
    """Names the incident for ever, also when a new state directory counts from 1 again."""
    return f"opsbot-{incident.id}-{incident.opened.wall:.0f}"
