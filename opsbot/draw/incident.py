"""The alert: what somebody reads at 3 a.m. on a phone, in this order: what is broken, how urgent, since
when, what opsbot is doing about it, who has it; then the two things they can do.

All that depends on the present is a Discord timestamp, so a message changes only when the incident does.
"""

from __future__ import annotations

from datetime import UTC, datetime

from opsbot.domain.actor import ActorKind
from opsbot.domain.incident import AlertLine, Entry, EntryKind, Incident
from opsbot.domain.lasting import before, in_all, open_for
from opsbot.domain.levels import IncidentState
from opsbot.draw.around import around, others_too
from opsbot.draw.limits import clamp
from opsbot.draw.marks import PRIORITY_DOT, incident_colour, incident_dot
from opsbot.draw.payload import Button, ButtonStyle, Colour, Embed, Field, Payload
from opsbot.draw.quoted import last_words, result
from opsbot.draw.values import against
from opsbot.text import Place, discord_time, safe_text, seconds_text

ACKNOWLEDGE = "opsbot:ack:{incident}"
ASSIGN = "opsbot:assign:{incident}"
SILENCE = "opsbot:silence:{incident}"
RESOLVE = "opsbot:resolve:{incident}"
RESTART = "opsbot:restart:{incident}"
DIAGNOSE = "opsbot:diagnose:{incident}"
RUNBOOK = "opsbot:runbook:{incident}"
"""custom_ids of the buttons; they outlive opsbot, so they never change."""

OVER = "🟢 **Resolved: "
"""How `resolved_reply` begins; by it opsbot knows its own reply again."""

TIMELINE_LINES = 8
OTHER_ALERTS = 5
_NAME, _CAUSE, _SEEN, _LINE, _REASON = 80, 700, 300, 150, 200  # characters of one text


def incident_message(incident: Incident, *, late: float = 0.0, thread: int = 0) -> Payload:
    """The incident as it is, without pinging: for edits, and for a message that took the place of a lost one.

    `late`: seconds its delivery was delayed, said when not 0. `thread`: id of its thread, where that is
    below an older message.
    """
    lines = _description(incident, late)
    if thread:
        lines.append(f"🧵 Its timeline goes on in <#{thread}>.")
    embed = Embed(
        title=_title(incident),
        description="\n".join(lines),
        colour=incident_colour(incident.state, incident.priority),
        fields=tuple(_fields(incident)),
        footer=marker(incident),
    )
    return clamp(Payload(embeds=(embed,), rows=_rows(incident)))


def incident_alarm(
    incident: Incident,
    roles: tuple[int, ...] = (),
    *,
    escalated: bool = False,
    late: float = 0.0,
    thread: int = 0,
) -> Payload:
    """A new message that pings `roles` (ids, from the configuration) and shows the incident.

    Its content is what a phone shows before anything is opened.
    """
    shown = incident_message(incident, late=late, thread=thread)
    parts = [*(f"<@&{role}>" for role in roles), _headline(incident, escalated)]
    return clamp(Payload(content=" ".join(parts), embeds=shown.embeds, rows=shown.rows, roles=roles))


def resolved_reply(incident: Incident, reply_to: int | None = None) -> Payload:
    """One silent line that says it is over."""
    text = f"{OVER}{_target(incident)}** after {lasted(incident)} · it was: {_cause(incident, _LINE)}"
    return clamp(Payload(content=text, silent=True, reply_to=reply_to))


def moved_message(incident: Incident) -> Payload:
    """What remains of a message when a newer one tells of its incident: no buttons, no colour."""
    text = f"{_cause(incident, _CAUSE)}\nThis goes on in the newer message below."
    embed = Embed(title=f"⚪ {_target(incident)}", description=text, colour=Colour.GREY)
    return clamp(Payload(embeds=(embed,)))


def marker(incident: Incident) -> str:
    """The footer: names the incident for certain, also among those of another or an older opsbot."""
    target = safe_text(incident.target, _NAME, Place.PLAIN)
    name = f"Drill {-incident.id}" if incident.drill else f"Incident #{incident.id}"
    return f"{name} · {target} · {utc_text(incident.opened.wall)}"


def utc_text(wall: float) -> str:
    """ "2026-01-05 15:04:00 UTC", for where Discord reads no timestamps."""
    try:
        return f"{datetime.fromtimestamp(wall, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return "?"


def lasted(incident: Incident) -> str:
    """How long it lasted, of a resolved incident: the last time, and in all where it had come back."""
    last = seconds_text(open_for(incident.openings[-1]) or 0.0)
    if not incident.past:
        return last
    return f"{last} (open {len(incident.openings)} times, {seconds_text(in_all(incident) or 0.0)} in all)"


def earlier(incident: Incident, first: str) -> str:
    """How often and how long it was open before it came back; empty for one that did not. `first`: when it
    opened, as it is to be read."""
    if not incident.past:
        return ""
    times = "once" if len(incident.past) == 1 else f"{len(incident.past)} times"
    return f"{times} since {first}, {seconds_text(before(incident))} in all"


def lead(incident: Incident) -> AlertLine | None:
    """The most urgent alert that fires, or that was, when none does any more."""
    return min(incident.alerts, key=lambda line: (not line.firing, line.priority.rank), default=None)


def _target(incident: Incident) -> str:
    return safe_text(incident.target, _NAME)


def _cause(incident: Incident, limit: int) -> str:
    return safe_text(incident.title, limit) or "Something is wrong, without a description."


def _headline(incident: Incident, escalated: bool) -> str:
    name = f"**{incident.priority.value} · {_target(incident)}**{others_too(incident)}"
    if not escalated:
        return f"{incident_dot(incident.state, incident.priority)} {name} · {_cause(incident, _LINE)}"
    if _is_back(incident):
        times = f"{len(incident.begun)}× since {discord_time(incident.begun[0].wall)}"
        return f"🔁 {name} is back · {_cause(incident, _LINE)} · {times}"
    opened = f"opened {discord_time(incident.began.wall)}"
    return f"⏫ {name} · {_cause(incident, _LINE)} · {opened}{_unheeded(incident)}"


def _unheeded(incident: Incident) -> str:
    """Why people are told again, where that is because nobody takes care; it may just be more urgent."""
    if incident.acknowledged_by:
        return ""
    if incident.due is None:
        return ", nobody has acknowledged it"
    waits_again = incident.waiting not in (None, incident.opened, *incident.begun)
    return ", waits for somebody again" if waits_again else ""


def _is_back(incident: Incident) -> bool:
    """Whether it was reopened, and what it waits for since then is not missed yet."""
    return len(incident.begun) > 1 and incident.waiting == incident.begun[-1] and incident.due is not None


def _title(incident: Incident) -> str:
    dot = incident_dot(incident.state, incident.priority)
    if incident.part_of:
        return f"{dot} {_target(incident)} · counted into incident #{incident.part_of}"
    if incident.state is IncidentState.RESOLVED:
        return f"{dot} {_target(incident)} · resolved after {lasted(incident)}"
    return f"{dot} {incident.priority.value} · {_target(incident)} · {incident.state.value}"


def _description(incident: Incident, late: float) -> list[str]:
    lines = [f"{'' if incident.live else 'It was: '}**{_cause(incident, _CAUSE)}**"]
    if incident.live:
        doing = safe_text(result(incident.doing), _CAUSE)
        lines.append(f"🤖 {doing}" if doing else _watching(incident))
    lines += around(incident)
    if late > 0:
        lines.append(f"🕓 This message is {seconds_text(late)} late.")
    if words := last_words(incident):
        lines += ["Its last lines:", words]
    return lines


def _watching(incident: Incident) -> str:
    if incident.calm is None or any(one.firing for one in incident.affected):
        return "👀 opsbot keeps watching; it does nothing by itself."
    return f"👀 Nothing fires since {discord_time(incident.calm.wall, 'T')}; it is over when that lasts."


def _fields(incident: Incident) -> list[Field]:
    began = incident.began.wall
    fields = [Field("Since", f"{discord_time(began)} ({discord_time(began, 'T')})", inline=True)]
    if incident.resolved_at:
        spans = f"{discord_time(began, 'T')} to {discord_time(incident.resolved_at.wall, 'T')}"
        fields = [Field("From, to", spans, inline=True)]
    if was := earlier(incident, discord_time(incident.opened.wall)):
        fields.append(Field("Open before", was, inline=True))
    first = lead(incident)
    if first and against(first):
        fields.append(Field("Value" if first.firing else "Value when it fired", against(first), inline=True))
    elif first and first.reason:
        fields.append(Field("Seen", safe_text(first.reason, _SEEN), inline=True))
    if incident.fired > len(incident.alerts):
        fields.append(Field("Alerts so far", f"{incident.fired:,}", inline=True))
    if incident.acknowledged_by:
        fields.append(Field("Acknowledged by", _acknowledged(incident), inline=True))
    others = [line for line in incident.alerts if line is not first and not _repeats(line, first)]
    if others:
        fields.append(Field("Also seen", _others(others)))
    if incident.timeline:
        fields.append(Field("What happened", "\n".join(map(_entry, incident.timeline[-TIMELINE_LINES:]))))
    return fields


def _acknowledged(incident: Incident) -> str:
    name = safe_text(incident.acknowledged_by.name if incident.acknowledged_by else "", _NAME) or "somebody"
    when = f" {discord_time(incident.acknowledged_at.wall)}" if incident.acknowledged_at else ""
    reason = safe_text(incident.ack_reason, _REASON)
    return f"{name}{when}" + (f"\n{reason}" if reason else "")


def _repeats(line: AlertLine, first: AlertLine | None) -> bool:
    """Whether it says nothing that the lead does not say: often it is the same rule's milder twin."""
    return first is not None and line.firing == first.firing and line.text == first.text


def _others(lines: list[AlertLine]) -> str:
    lines = sorted(lines, key=lambda line: (not line.firing, line.priority.rank))
    shown = [_other(line) for line in lines[:OTHER_ALERTS]]
    if len(lines) > OTHER_ALERTS:
        shown.append(f"… and {len(lines) - OTHER_ALERTS} more")
    return "\n".join(shown)


def _other(line: AlertLine) -> str:
    mark = PRIORITY_DOT[line.priority] if line.firing else "✓"
    text = safe_text(line.text or line.rule, _LINE) + (f" · {line.times:,}×" if line.times > 1 else "")
    return f"{mark} {text}" + ("" if line.firing else " · over")


def _entry(entry: Entry) -> str:
    who = ""
    if entry.actor and entry.actor.kind is not ActorKind.AUTO:
        who = f"**{safe_text(entry.actor.name, _NAME) or 'somebody'}** "
    text = result(entry.text) if entry.kind is EntryKind.DONE else entry.text
    if entry.file and entry.kind is EntryKind.DONE:  # what is missing in it stands beside it in the thread
        text = text.partition("; ")[0]
    text = safe_text(text, _LINE)
    if not who and entry.kind is not EntryKind.SEEN:  # what was seen begins with a rule's name
        text = text[:1].upper() + text[1:]
    return f"{discord_time(entry.at.wall, 'T')} {who}{text}" + " 📎" * bool(entry.file)


def _rows(incident: Incident) -> tuple[tuple[Button, ...], ...]:
    """First what people do about an incident, then what is done to the target."""
    if not incident.live or incident.drill:
        return ()
    taken = incident.state is IncidentState.ACKNOWLEDGED
    acknowledge = Button(
        "Acknowledged" if taken else "Acknowledge",
        ACKNOWLEDGE.format(incident=incident.id),
        ButtonStyle.SECONDARY if taken else ButtonStyle.PRIMARY,
        disabled=taken,
        emoji="✋",
    )

    def button(label: str, custom_id: str, emoji: str, style: ButtonStyle = ButtonStyle.SECONDARY) -> Button:
        return Button(label, custom_id.format(incident=incident.id), style, emoji=emoji)

    return (
        (
            acknowledge,
            button("Assign to me", ASSIGN, "🙋"),
            button("Silence", SILENCE, "🔕"),
            button("Resolve", RESOLVE, "✅", ButtonStyle.SUCCESS),
        ),
        (
            button("Restart", RESTART, "🔄", ButtonStyle.DANGER),
            button("Diagnostics", DIAGNOSE, "🩺"),
            button("Runbook", RUNBOOK, "📖"),
        ),
    )
