"""Bundles of diagnostics and profiles, for Discord and the terminal."""

from __future__ import annotations

from typing import Any

from opsbot.domain.diagnostics import Bundle, PartLine, PartState, Profile
from opsbot.draw.answers import notice
from opsbot.draw.payload import Colour, Payload
from opsbot.text import Place, bytes_text, one_line, safe_text, seconds_text

_NAME, _WHY, _FUNCTION, _PLACE = 80, 160, 34, 40
_MARK = {
    PartState.WAITING: "▫️",
    PartState.RUNNING: "⏳",
    PartState.DONE: "✅",
    PartState.FAILED: "❌",
    PartState.DROPPED: "✂️",
}
_TERMINAL_MARK = {
    PartState.WAITING: "·",
    PartState.RUNNING: "…",
    PartState.DONE: "✓",
    PartState.FAILED: "✗",
    PartState.DROPPED: "–",
}
SEND_IT = "Read it before you give it away: what opsbot took for no secret is still in it."


def bundle_payload(bundle: Bundle, note: str = "") -> Payload:
    """The bundle as it stands, for its message; drawn anew with each change. `note`: one of ours."""
    lines = [_line(part) for part in bundle.parts]
    if bundle.error:
        lines = [safe_text(bundle.error, _WHY * 2)]
    elif bundle.over:
        lines += ["", *(f"-# {said}" for said in (f"SHA-256 {bundle.sha256}", note or SEND_IT) if said)]
    return notice(_title(bundle), "\n".join(lines), _colour(bundle))


def too_large(bundle: Bundle, limit: int) -> str:
    """Instead of a file that Discord does not take. `limit` in bytes."""
    target = safe_text(bundle.target, _NAME, Place.CODE)
    command = f"`opsbot diagnostics {target}` on the host writes a file"
    return f"Discord takes no such file here (at most {bytes_text(limit)}): {command}."


def _title(bundle: Bundle) -> str:
    target = safe_text(bundle.target, _NAME, Place.PLAIN)
    if bundle.error:
        return f"❌ No diagnostics of {target}"
    if not bundle.over:
        return f"🔄 Collecting diagnostics of {target}"
    missing = f", {len(bundle.missing)} parts missing" if bundle.missing else ""
    return f"🩺 Diagnostics of {target}: {bytes_text(bundle.size)}{missing}"


def _colour(bundle: Bundle) -> Colour:
    if bundle.error:
        return Colour.RED
    if not bundle.over:
        return Colour.BLUE
    return Colour.YELLOW if bundle.missing else Colour.GREEN


def _line(part: PartLine) -> str:
    why = f": {safe_text(part.why, _WHY)}" if part.why else ""
    return f"{_MARK[part.state]} `{part.file}` {safe_text(_about(part), _WHY)}{why}"


def _about(part: PartLine) -> str:
    if part.state is not PartState.DONE:
        return part.title
    hidden = f", {part.hidden} secret{'s' * (part.hidden > 1)} hidden" if part.hidden else ""
    return f"{part.title} ({bytes_text(part.size)}{hidden})"


def bundle_progress(bundle: Bundle) -> str:
    """How far it is, in one line."""
    done = sum(part.state not in (PartState.WAITING, PartState.RUNNING) for part in bundle.parts)
    now = next((part.file for part in bundle.parts if part.state is PartState.RUNNING), "packing")
    return f"{done} of {len(bundle.parts)}: {now}"


def bundle_text(bundle: Bundle) -> str:
    """What is in it and what is not, for a terminal."""
    wide = max((len(part.file) for part in bundle.parts), default=0)
    lines = []
    for part in bundle.parts:
        why = f": {one_line(part.why, _WHY)}" if part.why else ""
        lines.append(f"{_TERMINAL_MARK[part.state]} {part.file:<{wide}}  {one_line(_about(part), _WHY)}{why}")
    return "\n".join(lines)


def bundle_data(bundle: Bundle) -> dict[str, Any]:
    """For programs."""
    return {
        "target": one_line(bundle.target, _NAME),
        "name": bundle.name,
        "bytes": bundle.size,
        "sha256": bundle.sha256,
        "parts": [
            {
                "file": part.file,
                "state": part.state.value,
                "bytes": part.size,
                "hidden": part.hidden,
                "why": one_line(part.why, _WHY),
            }
            for part in bundle.parts
        ],
    }


def profiling_payload(target: str, seconds: int) -> Payload:
    """While it looks."""
    name = safe_text(target, _NAME, Place.PLAIN)
    return notice(f"🔄 Profiling {name} for {seconds} s", "The service goes on meanwhile.", Colour.BLUE)


def profile_payload(profile: Profile) -> Payload:
    """The hottest functions as a short table."""
    title = f"🔥 {safe_text(profile.target, _NAME, Place.PLAIN)}: where it spends its time"
    if not profile.samples:
        text = f"pid {profile.pid} did nothing within {seconds_text(profile.seconds)}: it waits."
        return notice(title, text, Colour.GREEN)
    rows = [" self  total  function", *(_row(profile, number) for number in range(len(profile.functions)))]
    table = "\n".join(safe_text(row, 120, Place.BLOCK) or " " for row in rows)
    about = f"pid {profile.pid}, {seconds_text(profile.seconds)}, {profile.samples:,} samples"
    return notice(title, f"```\n{table}\n```\n-# {about}, {profile.stacks} different stacks", Colour.BLUE)


def profile_text(profile: Profile) -> str:
    """The same for a terminal."""
    head = f"pid {profile.pid}: {profile.samples:,} samples in {seconds_text(profile.seconds)}"
    if not profile.samples:
        return f"{head}: it did nothing, it waits."
    rows = [_row(profile, number) for number in range(len(profile.functions))]
    return "\n".join([head, " self  total  function", *rows])


def _row(profile: Profile, number: int) -> str:
    one = profile.functions[number]
    own, total = (f"{100 * count / profile.samples:.0f}%" for count in (one.own, one.total))
    return f"{own:>5}  {total:>5}  {one_line(one.name, _FUNCTION)} ({one_line(one.place, _PLACE)})"
