"""What was before: alerts, incidents with what was done about them, restarts, and who did what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from opsbot.domain.action import Action, Desired, Pause, RestartMark
from opsbot.domain.alert import Alert
from opsbot.domain.audit import AuditEntry
from opsbot.domain.incident import Entry, Incident
from opsbot.domain.process import Exit, Running
from opsbot.draw.incident import utc_text
from opsbot.text import many_lines, one_line

_NAME, _TEXT, _LOG = 80, 500, 4000
NONE = ["(none)"]


@dataclass(frozen=True, slots=True)
class Past:
    """All of one target. `incidents`: the newest first, as far back as is looked; `restarts`: of the last
    hour; `starts`: times (seconds since 1970 UTC) at which its uptime began anew, of the last day; `acts`:
    the newest last. `exit`: how its last process ended. `silent`: what could not be read."""

    alerts: tuple[Alert, ...] = ()
    incidents: tuple[Incident, ...] = ()
    restarts: tuple[RestartMark, ...] = ()
    starts: tuple[float, ...] = ()
    acts: tuple[AuditEntry, ...] = ()
    actions: tuple[Action, ...] = ()
    desired: Desired | None = None
    pause: Pause | None = None
    running: Running | None = None
    exit: Exit | None = None
    silent: tuple[str, ...] = ()


def past_text(past: Past) -> str:
    """One section for each."""
    sections = [
        ("Not readable now", list(past.silent)),
        ("Alerts that are not over", [_alert(alert) for alert in past.alerts] or NONE),
        ("What it should be", list(_wanted(past))),
        ("Actions in progress", [_action(action) for action in past.actions] or NONE),
        ("Starts of the last day, whoever started it", [utc_text(wall) for wall in past.starts] or NONE),
        ("Restarts of the last hour", [_mark(mark) for mark in past.restarts] or NONE),
        ("Incidents, the newest first", [line for i in past.incidents for line in _incident(i)] or NONE),
        ("Who did what, the newest last", [_act(act) for act in past.acts] or NONE),
    ]
    blocks = ["\n".join([f"# {title}", "", *lines]) for title, lines in sections if lines]
    return "\n\n".join(blocks) + "\n"


def _alert(alert: Alert) -> str:
    text = one_line(alert.text or alert.rule, _TEXT)
    reason = f" ({one_line(alert.reason, _TEXT)})" if alert.reason and alert.reason != alert.text else ""
    value = "" if alert.value is None else f", value {alert.value:g} {alert.unit}".rstrip()
    state = f"{alert.state.value} since {utc_text(alert.since.wall)}"
    return f"{alert.priority.value} {one_line(alert.rule, _NAME)}, {state}{value}: {text}{reason}"


def _wanted(past: Past) -> Iterator[str]:
    if past.desired is not None:
        wish = past.desired
        who, why = one_line(wish.actor.name, _NAME), one_line(wish.reason, _TEXT)
        yield f"{wish.wanted.value}, said {who} at {utc_text(wish.at.wall)}: {why}"
    if past.pause is not None:
        who, why = one_line(past.pause.actor.name, _NAME), one_line(past.pause.reason, _TEXT)
        yield f"automation is paused by {who} until {utc_text(past.pause.until.wall)}: {why}"
    if past.running is not None:
        keeper = "" if past.running.keeper_pid else ", without a keeper of opsbot's"
        yield f"runs as pid {past.running.process.pid} since {utc_text(past.running.since.wall)}{keeper}"
    if past.exit is not None:
        yield f"its last process {past.exit} at {utc_text(past.exit.at.wall)}"


def _action(action: Action) -> str:
    who, why = one_line(action.actor.name, _NAME), one_line(action.reason, _TEXT)
    return f"{action.kind.value} since {utc_text(action.asked.wall)}, asked by {who}: {why}"


def _mark(mark: RestartMark) -> str:
    return f"{utc_text(mark.at.wall)}  {'by itself' if mark.automatic else 'by a person or another program'}"


def _incident(incident: Incident) -> Iterator[str]:
    until = utc_text(incident.resolved_at.wall) if incident.resolved_at else "now"
    head = f"#{incident.id} {incident.priority.value} {incident.state.value}"
    times = f", open {len(incident.openings)} times" if incident.past else ""
    yield f"{head}, {utc_text(incident.opened.wall)} to {until}{times}: {one_line(incident.title, _TEXT)}"
    for entry in incident.timeline:
        yield from (f"    {line}" for line in entry_text(entry).split("\n"))


def entry_text(entry: Entry) -> str:
    """A line of a timeline; the target's last words below it."""
    who = f"{one_line(entry.actor.name, _NAME)}: " if entry.actor else ""
    file = f" [{entry.file}]" if entry.file else ""
    return f"{utc_text(entry.at.wall)}  {who}{many_lines(entry.text, _LOG)}{file}"


def _act(act: AuditEntry) -> str:
    why = f": {one_line(act.reason, _TEXT)}" if act.reason else ""
    who = f"{one_line(act.actor.name, _NAME)} ({act.actor.kind.value})"
    return f"{utc_text(act.at.wall)}  {who} {one_line(act.verb, _NAME)}, {act.outcome}{why}"


def latest(incidents: Iterable[Incident], number: int) -> list[Incident]:
    """The newest so many, the newest first."""
    return sorted(incidents, key=lambda incident: incident.id, reverse=True)[:number]
