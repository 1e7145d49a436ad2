"""Short answers to commands: lists, confirmations, refusals. Empty lists say so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from opsbot.domain.action import Pause
from opsbot.domain.incident import Incident
from opsbot.domain.moment import Moment
from opsbot.domain.rule import ActionKind
from opsbot.draw.incident import lasted
from opsbot.draw.limits import EMBED_DESCRIPTION, clamp
from opsbot.draw.marks import incident_dot
from opsbot.draw.payload import Colour, Embed, Payload
from opsbot.text import bytes_text, discord_time, number_text, safe_text, seconds_text, units

_NAME, _LINE, _TEXT = 80, 150, 1000


class LoopRow(Protocol):
    """What the list of loops reads of `runtime.port.LoopInfo`."""

    @property
    def name(self) -> str: ...
    @property
    def interval(self) -> float: ...
    @property
    def running(self) -> bool: ...
    @property
    def last(self) -> Moment | None: ...
    @property
    def runs(self) -> int: ...
    @property
    def errors(self) -> int: ...


class TargetRow(Protocol):
    """What the list of targets reads of `runtime.port.TargetInfo`."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def pause(self) -> Pause | None: ...
    @property
    def running(self) -> bool | None: ...
    @property
    def incident(self) -> int | None: ...


def incidents_list(incidents: Sequence[Incident], target: str = "") -> Payload:
    """The live incidents, of one target or all."""
    of = f" of {safe_text(target, _NAME)}" if target else ""
    if not incidents:
        return notice(f"🟢 No open incidents{of}.", "", Colour.GREEN)
    title = f"{len(incidents)} open {_plural('incident', len(incidents))}{of}"
    return listed(title, map(incident_line, incidents))


def targets_list(targets: Sequence[TargetRow]) -> Payload:
    """All targets with what matters of each."""
    if not targets:
        return notice("No targets.", "The configuration names none under `targets`.")
    return listed("Targets", map(_target, targets))


def loops_list(loops: Sequence[LoopRow]) -> Payload:
    """All monitoring loops."""
    if not loops:
        return notice("No monitoring loops.", "No check is configured.")
    return listed("Monitoring loops", map(_loop, loops))


def loop_changed(loop: LoopRow) -> Payload:
    """Answer to pausing, resuming or running one loop."""
    return notice("Monitoring loop", _loop(loop), Colour.BLUE)


def paused(pause: Pause) -> Payload:
    """Answer to a pause."""
    name, reason = safe_text(pause.target, _NAME), safe_text(pause.reason, _LINE)
    text = f"Until {discord_time(pause.until.wall, 'T')} ({discord_time(pause.until.wall)})."
    text += " Alerts are still told; opsbot restarts nothing meanwhile."
    if reason:
        text += f"\nReason: {reason} ({safe_text(pause.actor.name, _NAME) or 'somebody'})"
    return notice(f"⏸️ Automation of {name} is paused", text, Colour.YELLOW)


def resumed(target: str, was_paused: bool) -> Payload:
    """Answer to a resume."""
    name = safe_text(target, _NAME)
    if was_paused:
        return notice(f"▶️ Automation of {name} goes on", "", Colour.GREEN)
    return notice(f"Automation of {name} was not paused", "Nothing has changed.")


_STOP = "It is stopped (SIGTERM, SIGKILL after a while)"
_QUESTIONS = {
    ActionKind.RESTART: f"{_STOP}, started again and looked at until it answers.",
    ActionKind.STOP: f"{_STOP} and **stays** stopped, also when opsbot restarts, until somebody starts it.",
    ActionKind.START: "It is started, if it does not run, and from then on kept running.",
}


def action_question(
    kind: ActionKind, target: str, reason: str, running_since: Moment | None = None
) -> Payload:
    """Asks before a restart, stop or start; whoever shows it adds its own two buttons."""
    text = _QUESTIONS[kind]
    if running_since:
        text += f"\nRunning since {discord_time(running_since.wall)}."
    title = f"{kind.value.capitalize()} {safe_text(target, _NAME)}?"
    return notice(title, f"{text}\nReason: {_said(reason)}", Colour.ORANGE)


def rotation_question(target: str, size: int, warning: str) -> Payload:
    """Asks before a rotation that may lose lines; whoever shows it adds its own two buttons."""
    text = f"The log has {bytes_text(size)}. {_said(warning)}"
    return notice(f"Rotate the log of {safe_text(target, _NAME)}?", text, Colour.ORANGE)


def candidates_list(target: str, found: Sequence[tuple[int, str]]) -> Payload:
    """Processes that look like a target and were not taken."""
    name = safe_text(target, _NAME)
    if not found:
        return notice(f"Nothing else looks like {name}", "There is no process to adopt.", Colour.GREEN)
    lines = [f"pid **{pid}**: {safe_text(reason, _LINE)}" for pid, reason in found]
    return listed(f"What looks like {name}", map(str, lines))


def adopted(target: str, pid: int) -> Payload:
    """Answer to an adoption."""
    text = "opsbot watches it from now on, and keeps it running."
    return notice(f"pid {pid} is now {safe_text(target, _NAME)}", text, Colour.GREEN)


def refusal(reason: str) -> Payload:
    """Why something is not done. To be sent so that only the asker sees it."""
    return notice("🚫 Not done", _said(reason), Colour.RED)


def failure(problem: str) -> Payload:
    """Something went wrong that the asker could not help."""
    return notice("❌ That did not work", _said(problem), Colour.RED)


def notice(title: str, text: str, colour: Colour = Colour.GREY) -> Payload:
    """A titled answer; both texts are our own or already safe."""
    return clamp(Payload(embeds=(Embed(title=title, description=text, colour=colour),)))


def _said(text: str) -> str:
    return safe_text(text, _TEXT) or "none given"


def listed(title: str, lines: Iterable[str]) -> Payload:
    """As many lines as fit, and how many do not."""
    kept: list[str] = []
    left, every = EMBED_DESCRIPTION - 40, list(lines)
    for line in every:
        left -= units(line) + 1
        if left < 0:
            kept.append(f"… and {len(every) - len(kept)} more")
            break
        kept.append(line)
    return notice(title, "\n".join(kept), Colour.BLUE)


def incident_line(incident: Incident) -> str:
    """One of a list: how urgent, what, since when or how long, who has it."""
    dot = incident_dot(incident.state, incident.priority)
    head = f"{dot} **#{incident.id} {incident.priority.value}** {safe_text(incident.target, _NAME)}"
    when = discord_time(incident.began.wall)
    if not incident.live:
        when = f"resolved after {lasted(incident)}, {when}"
    quiet = " · 🔕" if incident.silenced else ""
    return f"{head}: {safe_text(incident.title, _LINE)} · {when}{_holder(incident)}{quiet}"


def _holder(incident: Incident) -> str:
    """Who has it; nobody has what waits for somebody (again), though it may be somebody's."""
    holder = incident.assigned_to or incident.acknowledged_by
    if holder is None:
        return ""
    name = safe_text(holder.name, _NAME) or "somebody"
    if incident.acknowledged_by is None:
        return f" · assigned to {name}"
    return f" · {name} {'has' if incident.live else 'had'} it"


def _target(target: TargetRow) -> str:
    state = {True: "✓ running", False: "✗ not running", None: "? not known"}[target.running]
    title = safe_text(target.title, _NAME)
    parts = [f"**{safe_text(target.name, _NAME)}** {state}", "" if title == target.name else title]
    if target.incident:
        parts.append(f"incident #{target.incident}")
    if target.pause:
        parts.append(f"⏸️ paused until {discord_time(target.pause.until.wall, 'T')}")
    return " · ".join(part for part in parts if part)


def _loop(loop: LoopRow) -> str:
    mark = "▶️" if loop.running else "⏸️"
    last = f"last {discord_time(loop.last.wall)}" if loop.last else "not yet run"
    text = f"{mark} **{safe_text(loop.name, _NAME)}** every {seconds_text(loop.interval)} · {last}"
    text += f" · {number_text(loop.runs)} {_plural('look', loop.runs)}"
    return text + (f" · ⚠ {number_text(loop.errors)} broke" if loop.errors else "")


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else f"{noun}s"
