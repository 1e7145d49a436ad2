"""Who hears of it: what becomes of a delivery, and who is called in when nobody hears or nobody acts."""

from __future__ import annotations

from dataclasses import replace

from opsbot.domain.change import NoticeDone
from opsbot.domain.incident import Entry, EntryKind, Incident
from opsbot.domain.levels import IncidentState, Priority
from opsbot.domain.moment import Moment
from opsbot.domain.notice import Notice, NoticeKind
from opsbot.engine import alerting, incidents, opening
from opsbot.engine.draft import Draft
from opsbot.engine.inputs import Delivered, Stuck
from opsbot.engine.own import OWN
from opsbot.engine.state import State
from opsbot.engine.wording import span

UNDELIVERED = "undelivered_{notifier}"
"""Rule of opsbot's own alert that notices do not arrive through a notifier (P2)."""


def delivered(draft: Draft, given: Delivered) -> None:
    """A delivery is over. What came during it is told after it, an alarm as an alarm; so is what it still
    owes."""
    for number in given.notices:
        draft.add(NoticeDone(number, given.receipt, given.dead))
    row = draft.state.notices.get(given.notices[0])
    if row is None:
        return
    if given.dead:
        if not given.expired:
            _refused(draft, row.notifier, row.incident, given.dead)
        return
    _works(draft, row.notifier)
    _hears(draft, given, row)
    incident = draft.incident(row.incident)
    if incident is None or given.told is None:
        return
    _reached(draft, given, incident)
    if given.receipt is not None and given.receipt.missed and incident.live and not incident.silenced:
        draft.call(row.notifier, incident.id, NoticeKind.ESCALATED)
        return
    if incident.version <= given.told.version:
        if given.receipt is not None and given.receipt.owes:
            draft.call(row.notifier, incident.id, NoticeKind.CHANGED)
        return
    ended = not (incident.live or incident.part_of) and incident.resolved_at != given.told.resolved_at
    kind = NoticeKind.RESOLVED if ended else NoticeKind.CHANGED  # a note on what is over is no second end
    if incident.alarms > given.told.alarms and row.notifier in draft.told_of(incident):
        kind = NoticeKind.ESCALATED
    rest = draft.state.waiting.kinds(row.notifier, row.incident, frozenset(given.notices))
    if not rest or (kind.loud and kind not in rest):
        draft.call(row.notifier, incident.id, kind)


def _hears(draft: Draft, given: Delivered, row: Notice) -> None:
    """Whoever reads there knows of it now, if it was an alarm or an end, or says that somebody has taken it
    on. An edit alone says nothing to anybody. What became louder there meanwhile still has to be heard."""
    rows = (draft.state.notices.get(number) for number in given.notices)
    told = any(row.kind is not NoticeKind.CHANGED for row in rows if row is not None)
    told |= given.told is not None and given.told.state is not IncidentState.OPEN
    missed = given.receipt is not None and given.receipt.missed
    if told and not missed and draft.state.is_people(row.notifier):
        draft.heard(row.incident, but=row.notifier)


def _reached(draft: Draft, given: Delivered, incident: Incident) -> None:
    """Notes when people could first know of it: an alarm about this opening of it arrived where they read."""
    rows = [row for row in map(draft.state.notices.get, given.notices) if row is not None and row.kind.loud]
    names = [row.notifier for row in rows if row.notifier in draft.state.notifiers]
    people = any(draft.state.notifiers[name].people for name in names)
    missed = given.receipt is not None and given.receipt.missed
    now_open = given.told is not None and given.told.began == incident.began
    if people and now_open and not missed and incident.told is None:
        draft.put_incident(replace(incident, told=draft.now), None)


def stuck(draft: Draft, given: Stuck) -> None:
    """A notifier does not deliver: whoever waits only for it is told by somebody else at once."""
    draft.state.stuck.add(given.notifier)
    text = f"Alerts do not arrive through {given.notifier}: {given.text}"
    alerting.assert_builtin(draft, OWN, UNDELIVERED.format(notifier=given.notifier), Priority.P2, text)
    for number in _missed(draft, 0.0):  # what quiet hours hold back is not missed yet
        if _lost(draft, number):
            _call_next(draft, number, f"{given.notifier} does not deliver")


def relay(draft: Draft) -> None:
    """What is told only where nothing arrives, as is known already, is told somebody else at once."""
    state = draft.state
    for number in draft.loud() if state.stuck and state.chain.fallback else ():
        incident = draft.incident(number)
        names = draft.told_of(incident) if incident is not None else []
        people = [name for name in names if state.notifiers[name].people]
        if incident is None or not people or not state.stuck.issuperset(people):
            continue
        if any(state.notifiers[name].due(incident, draft.now).mono <= draft.now.mono for name in people):
            _call_next(draft, number, f"nothing arrives through {' and '.join(people)}")


def overdue(draft: Draft) -> None:
    """Calls in whoever is next, where nobody was reached or nobody has acknowledged for too long."""
    chain = draft.state.chain
    for number in _missed(draft, chain.silent_after):
        _call_next(draft, number, f"nobody was reached for {span(chain.silent_after)}")
    for live in draft.state.live_incidents() if chain.steps else ():
        incident = draft.incident(live.id)  # which may be another one since this step began
        if incident is not None:
            _escalate(draft, incident)


def next_due(state: State) -> Moment | None:
    """When time alone calls somebody in, None when it will not."""
    oldest = state.unheard.oldest()
    due = [oldest.after(state.chain.silent_after)] if oldest is not None and state.chain.fallback else []
    for incident in state.live_incidents() if state.chain.steps else ():
        due += [at for at, names in _steps(state, incident) if names]
    return min(due, key=lambda m: m.mono, default=None)


def _refused(draft: Draft, notifier: str, number: int, reason: str) -> None:
    """A notice was given up: that itself is told, and others hear of what it was about."""
    text = f"A notice of incident #{number} was given up by {notifier}: {reason}"
    alerting.assert_builtin(draft, OWN, UNDELIVERED.format(notifier=notifier), Priority.P2, text)
    dropped(draft, number, notifier, f"{notifier} refused it")


def dropped(draft: Draft, number: int, notifier: str, why: str) -> None:
    """A notifier will not tell of an incident: another one does, if somebody has yet to hear and nobody else
    of whom that is waited for could tell."""
    rows = draft.state.unheard.rows(number)
    alone = all(row.notifier == notifier for row in rows)
    if rows and draft.state.chain.fallback and (alone or _lost(draft, number, without=notifier)):
        _call_next(draft, number, why)


def _missed(draft: Draft, seconds: float) -> list[int]:
    """The incidents of which nobody has heard for so long, where somebody can be called in for them."""
    return draft.state.unheard.longer(seconds, draft.now) if draft.state.chain.fallback else []


def _works(draft: Draft, notifier: str) -> None:
    draft.state.stuck.discard(notifier)
    rule = UNDELIVERED.format(notifier=notifier)
    before = draft.alert(OWN, rule)
    if before is not None and before.firing:
        alerting.clear_builtin(draft, OWN, rule, f"{notifier} delivers again")
        opening.settle_incident(draft, OWN)


def _lost(draft: Draft, number: int, without: str = "") -> bool:
    """Whether nobody who is to be told of an incident, and could tell a person, is known to deliver."""
    state = draft.state
    names = [name for name in state.waiting.notifiers(number) if name != without]
    return not any(state.notifiers[n].people and n not in state.stuck for n in names if n in state.notifiers)


def _call_next(draft: Draft, number: int, why: str) -> None:
    """Tells the next in the chain that was not called in yet. Is there none, nothing more can be done."""
    incident = draft.incident(number)
    state = draft.state
    free = [
        name
        for name in state.chain.fallback
        if incident is not None and name not in incident.called and state.notifiers[name].wants(incident)
    ]
    if incident is None or incident.silenced or not free:
        draft.heard(number)
        return
    name = next((name for name in free if name not in state.stuck), free[0])
    _call_in(draft, incident, (name,), NoticeKind.OPENED, why)


def _escalate(draft: Draft, incident: Incident) -> None:
    for at, names in _steps(draft.state, incident):
        if names and at.mono <= draft.now.mono:
            waited = span(draft.now.since(incident.since))
            _call_in(draft, incident, names, NoticeKind.ESCALATED, f"nobody has acknowledged it for {waited}")
            return  # the incident is another one now; the next step follows at once if it is due


def _steps(state: State, incident: Incident) -> list[tuple[Moment, tuple[str, ...]]]:
    """When each step of the chain is due for an incident, and whom it would call in."""
    if incident.state is not IncidentState.OPEN or incident.silenced:
        return []
    found = []
    for step in state.chain.steps:
        if incident.priority in step.priorities:
            wanting = [n for n in step.notifiers if state.notifiers[n].wants(incident)]
            names = tuple(n for n in wanting if n not in incident.called)
            found.append((incident.since.after(step.after), names))
    return found


def _call_in(draft: Draft, incident: Incident, names: tuple[str, ...], kind: NoticeKind, why: str) -> None:
    entry = Entry(draft.now, EntryKind.DECIDED, f"{' and '.join(names)} told as well: {why}")
    changed = replace(incidents.noted(incident, entry), called=(*incident.called, *names))
    draft.put_incident(changed, NoticeKind.CHANGED, entry)
    if any(draft.state.is_people(name) for name in names):
        draft.heard(incident.id)  # now it is the next one's turn to wait
    for name in names:
        draft.call(name, incident.id, kind)
