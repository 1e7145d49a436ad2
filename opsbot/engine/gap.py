"""Time in which opsbot did not run although its process was there."""

from __future__ import annotations

from opsbot.domain.incident import Entry, EntryKind
from opsbot.domain.notice import NoticeKind
from opsbot.engine import incidents
from opsbot.engine.draft import Draft
from opsbot.engine.inputs import Gap


def note(draft: Draft, given: Gap) -> None:
    """One line in each open incident: what it says of that time is not known."""
    for incident in list(draft.state.incidents.values()):
        if incident.live:
            entry = Entry(given.until, EntryKind.SEEN, given.text)
            draft.put_incident(incidents.noted(incident, entry), NoticeKind.CHANGED, entry)
