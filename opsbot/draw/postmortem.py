"""The postmortem of one incident, as a Markdown file: what is known, and what is not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from opsbot.domain.actor import Actor, ActorKind
from opsbot.domain.audit import AuditEntry
from opsbot.domain.hindsight import Hindsight, hindsight
from opsbot.domain.incident import AlertLine, Entry, EntryKind, Incident, Opening
from opsbot.domain.lasting import open_for, told_after
from opsbot.domain.moment import Moment
from opsbot.draw.incident import utc_text
from opsbot.draw.lessons import follow_ups, open_questions
from opsbot.draw.markdown import markdown
from opsbot.draw.quoted import quote, result
from opsbot.draw.values import against
from opsbot.text import seconds_text

PREFIX = "postmortem_"
"""How the name of each file begins."""

UNKNOWN = "unknown"

_NAME, _TITLE, _TEXT = 80, 300, 1000  # characters of one text

LINES = 2000
"""Lines of a timeline that are written; of a longer one the middle is left out, and that is said."""


def file_name(incident: Incident) -> str:
    """`postmortem_incident-7_20260105.md`, with the day on which it opened (UTC): the same however often it
    is written."""
    try:
        day = f"{datetime.fromtimestamp(incident.opened.wall, UTC):%Y%m%d}"
    except (ValueError, OverflowError, OSError):
        day = "0"
    return f"{PREFIX}incident-{incident.id}_{day}.md"


def postmortem(
    incident: Incident, timeline: Sequence[Entry], acts: Sequence[AuditEntry], written: Moment
) -> str:
    """The whole file. `acts`: of the audit, at least those on its target in its time."""
    seen = hindsight(incident, timeline, acts)
    parts = [
        f"# Incident {incident.id}: {markdown(incident.title.rstrip(' .'), _TITLE)}",
        f"Written by opsbot, {utc_text(written.wall)}. All times are UTC.",
        _section("Summary", [_summary(incident, seen)]),
        _section("Impact", _impact(incident, seen)),
        _section("Times", _times(incident, seen)),
        _section("Timeline", _timeline(timeline)),
        _section("Actions taken", [_act(act) for act in seen.acts] or ["- None."]),
        _section("Open questions", [f"- {text}" for text in open_questions(incident, seen, timeline)]),
        _section("Follow-ups", [f"- [ ] {text}" for text in follow_ups(incident, seen)]),
    ]
    return "\n\n".join(parts) + "\n"


def _section(title: str, lines: Iterable[str]) -> str:
    return f"## {title}\n\n" + "\n".join(lines)


def _summary(incident: Incident, seen: Hindsight) -> str:
    target = markdown(incident.target, _NAME)
    lasted = f"lasted {_in_all(incident, seen)}" if seen.restore is not None else "is not over yet"
    text = f"{target} had a {incident.priority.value} incident that {lasted}: "
    text += f"{markdown(incident.title.rstrip(' .'), _TITLE)}. It began on {utc_text(incident.opened.wall)}"
    text += f" and ended on {utc_text(incident.resolved_at.wall)}." if incident.resolved_at else "."
    if incident.cause:
        text += f" Probable cause: {markdown(incident.cause.rstrip(' .'), _TEXT)}."
    return text


def _impact(incident: Incident, seen: Hindsight) -> Iterator[str]:
    yield f"- Lasted: {_in_all(incident, seen) or 'it is not over'}"
    if incident.past:
        yield from (f"  - {_opening(opening)}" for opening in incident.openings)
    yield f"- Priority: {incident.priority.value}, severity: {incident.severity.value}"
    again = f" It came back {_times_text(seen.reopened)}." if seen.reopened else ""
    yield f"- Restarts: {seen.automatic} automatic, {seen.by_people} by people, {seen.failed} failed.{again}"
    if incident.affected:
        names = ", ".join(f"{markdown(a.target, _NAME)} ({_alerts(a.fired)})" for a in incident.affected)
        yield f"- Other targets affected: {names}"
    else:
        yield "- Other targets affected: none"
    yield "- Alerts:"
    for line in incident.alerts:
        yield f"  - {_alert(line)}"


def _in_all(incident: Incident, seen: Hindsight) -> str:
    """How long it was open, in all where it came back; empty while it is."""
    if seen.restore is None:
        return ""
    times = f", open {_times_text(len(incident.openings))}" if incident.past else ""
    return f"{seconds_text(seen.restore)}{times}"


def _opening(opening: Opening) -> str:
    end = "now" if opening.ended is None else utc_text(opening.ended.wall)[:-4]
    lasted, told = open_for(opening), told_after(opening)
    text = f"{utc_text(opening.began.wall)[:-4]} to {end}"
    text += f", {seconds_text(lasted)}" if lasted is not None else ""
    return text + (f", told after {seconds_text(told)}" if told is not None else "")


def _alert(line: AlertLine) -> str:
    value = against(line)
    parts = [f"{markdown(line.rule, _NAME)} ({line.priority.value}, {line.severity.value})"]
    parts.append(markdown(line.text or line.reason, _TITLE))
    parts += [markdown(value, _NAME)] if value else []
    parts += [f"fired {_times_text(line.times)}"] if line.times > 1 else []
    return ", ".join(parts)


def _times(incident: Incident, seen: Hindsight) -> Iterator[str]:
    yield f"- Time to detect (from the first bad look until the alert): {_span(seen.detect, UNKNOWN)}"
    arrived = "until a message first arrived where people read it"
    yield f"- Time to tell (from the alert {arrived}): {_span(seen.told, 'none is known to have')}"
    nobody = "nobody did" if not incident.live else "nobody has yet"
    who = f", by {_actor(seen.who)}" if seen.who else ""
    yield f"- Time to acknowledge (from the alert): {_span(seen.acknowledge, nobody)}{who}"
    how = "all the time that it was open" if incident.past else "from the alert to the end"
    yield f"- Time to restore ({how}): {_span(seen.restore, 'it is not over')}"


def _span(seconds: float | None, otherwise: str) -> str:
    return otherwise if seconds is None else seconds_text(seconds)


def _timeline(timeline: Sequence[Entry]) -> Iterator[str]:
    if not timeline:
        yield "- Unknown: it was lost."
    half = LINES // 2
    skipped = len(timeline) - 2 * half
    for number, entry in enumerate(timeline):
        if skipped > 0 and half <= number < half + skipped:
            if number == half:
                yield f"- … {skipped:,} lines left out"
            continue
        yield from _entry(entry)


def _entry(entry: Entry) -> Iterator[str]:
    text = result(entry.text) if entry.kind is EntryKind.DONE else entry.text
    file = f" (file {markdown(entry.file, _NAME)})" if entry.file else ""
    yield f"- {utc_text(entry.at.wall)[:-4]} **{_speaker(entry)}**: {markdown(text, _TEXT)}{file}"
    quoted = quote(entry.text) if entry.kind is EntryKind.DONE else ""
    if quoted:
        yield ""
        yield from (f"  {line}" for line in quoted.split("\n"))


def _speaker(entry: Entry) -> str:
    if entry.actor is not None and entry.actor.kind is not ActorKind.AUTO:
        return _actor(entry.actor)
    return "seen" if entry.kind is EntryKind.SEEN else "opsbot"


def _actor(actor: Actor) -> str:
    name = markdown(actor.name, _NAME)
    return f"{name} (command line)" if actor.kind is ActorKind.CLI else name


def _act(act: AuditEntry) -> str:
    reason = f": {markdown(result(act.reason), _TITLE)}" if act.reason else ""
    verb, outcome = markdown(act.verb, _NAME), markdown(act.outcome, _NAME)
    return f"- {utc_text(act.at.wall)[:-4]} {_actor(act.actor)}: {verb}, {outcome}{reason}"


def _alerts(count: int) -> str:
    return f"{count:,} alert" if count == 1 else f"{count:,} alerts"


def _times_text(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"
