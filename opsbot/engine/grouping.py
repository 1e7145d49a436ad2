"""One incident for what has one cause: targets that depend on something that is down, or that all begin to
have trouble at once, fold into one instead of making a storm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from opsbot.domain.alert import Alert
from opsbot.domain.incident import Entry, EntryKind, Incident
from opsbot.domain.levels import Priority
from opsbot.domain.notice import NoticeKind
from opsbot.engine import incidents
from opsbot.engine.draft import Draft
from opsbot.engine.state import State

GRAVE = Priority.P2
"""What a target depends on mutes it when it has an incident of this priority, or a more urgent one."""

NAMED = 3
"""Targets that fold in and are told one by one in the timeline; of further ones only the number grows."""

LOOK_BACK = 5.0
"""Group windows: so long before its parent's an incident may have opened to be taken for a consequence."""


def ancestors(state: State, target: str) -> list[str]:
    """What a target depends on, directly or not, the nearest first."""
    found: dict[str, None] = {}
    level = [target]
    while level:
        known = [state.known[name].target for name in level if name in state.known]
        level = [n for each in known for n in each.depends_on if n not in found and n != target]
        found |= dict.fromkeys(level)
    return list(found)


def host_of(draft: Draft, alert: Alert) -> Incident | None:
    """The live incident of another target into which an alert folds, None when it stands for itself."""
    if (host := _counting(draft, alert.target)) is not None:
        return host
    if alert.target not in draft.state.known or draft.state.policy.group <= 0:
        return None
    above = ancestors(draft.state, alert.target)
    for name in above:
        live = draft.live(name)
        if live is not None and _is_grave(draft, live):
            return live
    recent = [one for one in draft.live_incidents() if _recent(draft, one) and one.target != alert.target]
    if any(alert.target in ancestors(draft.state, one.target) for one in recent):
        return None  # it is rather the others that follow from this
    shared = (one for one in recent if set(above) & set(ancestors(draft.state, one.target)))
    host = next(shared, None)
    if host is None and len(recent) >= draft.state.policy.crowd:
        host = next((one for one in recent if one.affected), recent[0])
    return host


def _counting(draft: Draft, target: str) -> Incident | None:
    """The live incident into which other alerts of a target are counted: it never has two."""
    hosts = {alert.host for alert in draft.alerts_of(target) if alert.firing and alert.host}
    found = (draft.incident(number) for number in sorted(hosts))
    return next((host for host in found if host is not None and host.live), None)


def causes_first(state: State, alerts: Iterable[Alert]) -> list[Alert]:
    """In an order in which what others depend on comes before them, so that they fold into its incident."""

    def place(alert: Alert) -> tuple[int, float, tuple[str, str]]:
        return len(ancestors(state, alert.target)), alert.since.mono, alert.key

    return sorted(alerts, key=place)


def fold(draft: Draft, alert: Alert, host: Incident) -> None:
    """Counts an alert into another target's incident instead of telling it."""
    draft.put_alert(replace(alert, host=host.id, muted=_counted(host)))
    known = any(one.target == alert.target for one in host.affected)
    changed = incidents.hosting(host, alert.target, 1, (alert.rule,), draft.now)
    louder = incidents.raised(host, alert.priority)
    if louder:
        changed = incidents.urgent(changed, alert, draft.state.policy, draft.now)
    changed = replace(changed, cause=_cause(draft, changed))
    entry = None
    if not known and len(changed.affected) <= NAMED:
        entry = Entry(
            draft.now, EntryKind.SEEN, f"{alert.target} too: {alert.rule}: {alert.reason or alert.text}"
        )
        changed = incidents.noted(changed, entry)
    draft.put_incident(changed, NoticeKind.ESCALATED if louder else NoticeKind.CHANGED, entry)


def take_over(draft: Draft, parent: Incident) -> Incident:
    """What began just before the trouble of something that it depends on is a consequence of that."""
    if draft.state.policy.group <= 0:
        return parent
    below = [one for one in draft.live_incidents() if _consequence(draft, one, parent)]
    host = parent
    for one in below:
        lines = incidents.firing(one)
        fired, rules = sum(a.times for a in one.alerts), [a.rule for a in lines]
        host = incidents.hosting(host, one.target, fired, rules, draft.now)
        for other in one.affected:
            if other.target != parent.target:
                host = incidents.hosting(host, other.target, other.fired, other.firing, draft.now)
        for alert in _alerts_in(draft, one):
            draft.put_alert(replace(alert, host=host.id, muted=_counted(host)))
        over = incidents.folded(one, host, draft.now)
        draft.put_incident(over, NoticeKind.CHANGED, over.timeline[-1])
    if host is parent:
        return parent
    many = f"{len(below)} incidents" if len(below) > 1 else f"incident #{below[0].id}"
    entry = Entry(draft.now, EntryKind.DECIDED, f"{many} of what depends on {parent.target} folded in")
    host = incidents.noted(replace(host, cause=_cause(draft, host)), entry)
    draft.put_incident(host, NoticeKind.CHANGED, entry)
    return host


def unfold(draft: Draft, host: Incident) -> list[Alert]:
    """Lets go of what still fires although the incident that it was counted into has calmed down."""
    alerts = [a for a in draft.muted_alerts() if a.host == host.id and a.firing]
    quiet = tuple(replace(one, firing=()) for one in host.affected)
    draft.put_incident(replace(host, affected=quiet, version=host.version + 1), NoticeKind.CHANGED)
    return [replace(alert, host=0, muted="") for alert in alerts]


def over(draft: Draft, alert: Alert) -> Incident | None:
    """An alert that was counted into an incident fires no more: that incident, if it still lives."""
    host = draft.incident(alert.host)
    if host is None or not host.live:
        return None
    changed = incidents.calmed(host, alert.target, alert.rule)
    if changed is not host:
        draft.put_incident(changed, NoticeKind.CHANGED)
    return changed


def _is_grave(draft: Draft, parent: Incident) -> bool:
    """Whether what depends on it cannot do well: it is in grave trouble, or is just recovering from that."""
    if parent.calm is not None:
        return draft.now.since(parent.calm) < draft.state.policy.group
    return any(line.priority.rank <= GRAVE.rank for line in incidents.firing(parent))


def _recent(draft: Draft, incident: Incident) -> bool:
    """Whether more may fold into it: it began, or grew by another target, a short while ago."""
    last = max([incident.since, *(one.at for one in incident.affected if one.at)], key=lambda m: m.mono)
    window = draft.state.policy.group
    return (
        incident.target in draft.state.known
        and draft.now.since(last) < window
        and bool(incidents.firing(incident))
    )


def _consequence(draft: Draft, incident: Incident, parent: Incident) -> bool:
    """A person who has taken it on goes on with it."""
    since = draft.now.since(incident.since)
    return (
        incident.id != parent.id
        and incident.acknowledged_by is None
        and since < LOOK_BACK * draft.state.policy.group
        and parent.target in ancestors(draft.state, incident.target)
    )


def _alerts_in(draft: Draft, incident: Incident) -> Iterator[Alert]:
    for alert in draft.alerts_of(incident.target):
        if alert.firing and not alert.muted:
            yield alert
    for alert in draft.muted_alerts():
        if alert.firing and alert.host == incident.id:
            yield alert


def _counted(host: Incident) -> str:
    return f"counted into incident #{host.id} of {host.target}"


def _cause(draft: Draft, host: Incident) -> str:
    """What probably stands behind it all."""
    names = [one.target for one in host.affected]
    below = [name for name in names if host.target in ancestors(draft.state, name)]
    if below:
        rest = len(names) - len(below)
        more = f"; {rest} more began at the same time" if rest else ""
        return f"{host.target}: {_many(len(below))} on it{more}"
    shared = _shared(draft.state, (host.target, *names))
    if shared:
        return f"probably {shared}: all {len(names) + 1} of them depend on it"
    rules = {rule for one in host.affected for rule in one.firing} | {a.rule for a in host.alerts}
    same = f", all by the rule {next(iter(rules))}" if len(rules) == 1 else ""
    return (
        f"not known: {len(names) + 1} targets began at the same time{same}; they have no dependency in common"
    )


def _many(count: int) -> str:
    return "1 target depends" if count == 1 else f"{count} targets depend"


def _shared(state: State, targets: Iterable[str]) -> str:
    common: list[str] | None = None
    for name in targets:
        above = ancestors(state, name)
        common = above if common is None else [one for one in common if one in above]
    return common[0] if common else ""
