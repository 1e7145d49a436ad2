"""What people are answered who silence, maintain and deploy."""

from __future__ import annotations

from collections.abc import Sequence

from opsbot.domain.incident import Incident
from opsbot.domain.maintenance import Planned
from opsbot.domain.silence import Deploy, Matcher, Muted, Silence
from opsbot.draw.answers import listed, notice
from opsbot.draw.limits import clamp
from opsbot.draw.marks import PRIORITY_DOT
from opsbot.draw.mute_lines import matcher_text
from opsbot.draw.payload import Button, Colour, Embed, Payload
from opsbot.text import discord_time, inline_code, safe_text, seconds_text

SILENCED = "opsbot:silenced:{incident}:{span}"
"""custom_id of the spans below the question for how long."""

OVER = "over"
"""The span that ends with the incident."""

SPANS = {"900": "15 min", "3600": "1 h", "14400": "4 h", OVER: "Until it is resolved"}
"""What a button says, by its span in seconds."""

_NAME, _LINE, _REASON, _ABOUT = 80, 200, 300, 300  # characters of one text


def how_long(incident: Incident) -> Payload:
    """Asks for how long nothing more is told of an incident."""
    target = safe_text(incident.target, _NAME)
    text = (
        f"Nothing more is told of **{target}**, neither of this incident nor of new ones; opsbot goes on "
        f"watching and repairing it. Choose for how long."
    )
    drawn = Embed(f"🔕 Silence incident #{incident.id}?", text, Colour.BLUE)
    row = tuple(
        Button(word, SILENCED.format(incident=incident.id, span=span)) for span, word in SPANS.items()
    )
    return clamp(Payload(embeds=(drawn,), rows=(row,)))


def silenced(silence: Silence) -> Payload:
    """A silence or a maintenance has begun: what of, until when, and how to end it."""
    of = _about(silence.matcher)
    if silence.maintenance:
        what = "Nobody is told of it, and opsbot does nothing about it by itself."
        text = f"{until_text(silence)}. {what}{_why(silence)}\n{_end(silence)}"
        return notice(f"🛠️ Maintenance of {of}", text, Colour.YELLOW)
    what = "opsbot goes on watching and repairing; nobody is told of it."
    return notice(
        f"🔕 Silence: {of}", f"{until_text(silence)}. {what}{_why(silence)}\n{_end(silence)}", Colour.BLUE
    )


def ended(silence: Silence) -> Payload:
    """A silence or a maintenance was ended before its time."""
    kind = "maintenance" if silence.maintenance else "silence"
    text = f"It was about {_about(silence.matcher)}. What still fires is told now."
    return notice(f"🔔 The {kind} #{silence.id} is over", text, Colour.GREEN)


def silences_list(held: Sequence[Silence]) -> Payload:
    """All that are in force."""
    if not held:
        return notice("🔔 Nothing is silenced.", "`/silence add` silences alerts for a while.", Colour.GREEN)
    return listed("What is silenced", map(_silence, held))


def maintenance_list(held: Sequence[Silence], windows: Sequence[Planned]) -> Payload:
    """What people have begun, then the windows of the configuration."""
    if not held and not windows:
        text = "`/maintenance start` begins some; windows that come again stand in the configuration."
        return notice("No maintenance.", text)
    return listed("Maintenance", [*map(_silence, held), *map(_window, windows)])


def muted_list(muted: Sequence[Muted]) -> Payload:
    """Alerts that fire and are told nobody."""
    if not muted:
        return notice("🔔 No alert is muted.", "Whatever fires is told.", Colour.GREEN)
    return listed("What fires and is not told", map(_muted, muted))


def deployed(deploy: Deploy) -> Payload:
    """A new version is brought out."""
    who, target = safe_text(deploy.actor.name, _NAME) or "somebody", safe_text(deploy.target, _NAME)
    seconds = round(deploy.until.since(deploy.at))
    text = f"By {who}. An incident that begins soon will name it."
    if seconds > 0:
        until = f"{discord_time(deploy.until.wall, 'T')} ({discord_time(deploy.until.wall)})"
        text += f"\nopsbot restarts nothing of it by itself until {until}, for {seconds_text(seconds)}."
        text += " Alerts are still told; `/resume` ends that before its time."
    return notice(f"🚀 {inline_code(deploy.version, _NAME)} of {target} is deployed", text, Colour.BLUE)


def _about(matcher: Matcher) -> str:
    return safe_text(matcher_text(matcher), _ABOUT)


def until_text(silence: Silence) -> str:
    """When it ends, a sentence without its dot."""
    if silence.until_resolved:
        return f"Until incident #{silence.until_resolved} is over"
    return f"Until {discord_time(silence.until.wall, 'f')} ({discord_time(silence.until.wall)})"


def _end(silence: Silence) -> str:
    command = "maintenance" if silence.maintenance else "silence"
    return f"End it before that: `/{command} end {silence.id}`"


def _why(silence: Silence) -> str:
    reason, who = safe_text(silence.reason, _REASON), safe_text(silence.actor.name, _NAME) or "somebody"
    return f"\nReason: {reason} ({who})" if reason else f"\nBy {who}."


def _silence(silence: Silence) -> str:
    mark, who = "🛠️" if silence.maintenance else "🔕", safe_text(silence.actor.name, _NAME) or "somebody"
    reason = safe_text(silence.reason, _LINE)
    until = until_text(silence)
    line = f"{mark} **#{silence.id}** {_about(silence.matcher)} · {until[:1].lower()}{until[1:]} · {who}"
    return f"{line}: {reason}" if reason else line


def _window(planned: Planned) -> str:
    window, when = planned.window, "over for good"
    if planned.ends is not None:
        when = f"goes on until {discord_time(planned.ends.wall, 'f')} ({discord_time(planned.ends.wall)})"
    elif planned.begins is not None:
        when = f"begins {discord_time(planned.begins.wall, 'f')} ({discord_time(planned.begins.wall)})"
    times, reason = safe_text(window.times, _LINE), safe_text(window.reason, _LINE)
    about = f"{_joined(window.targets) or 'all targets'}" + (f", {times}" if times else "")
    line = f"{'🛠️' if planned.ends else '📅'} **{safe_text(window.name, _NAME)}** {about} · {when}"
    return f"{line}: {reason}" if reason else line


def _muted(muted: Muted) -> str:
    alert = muted.alert
    name, text = safe_text(alert.target, _NAME), safe_text(alert.text or alert.rule, _LINE)
    head = f"{PRIORITY_DOT[alert.priority]} **{alert.priority.value}** {name}: {text}"
    return f"{head} · {safe_text(muted.by, _LINE)}"


def _joined(names: tuple[str, ...]) -> str:
    return ", ".join(safe_text(name, _NAME) for name in names)
