"""What a running opsbot says in a report: sections, and notes beside them, which a single look has not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opsbot.domain.action import Desired, Wanted
from opsbot.domain.health import Section
from opsbot.domain.moment import Moment
from opsbot.domain.rule import ActionKind
from opsbot.engine import outage
from opsbot.engine.state import Known, State
from opsbot.runtime.processes import Processes
from opsbot.runtime.report import sections_of

DRY_RUN = "Dry run: nobody is told and nothing is done"
"""What must be said wherever somebody may rely on opsbot."""


def notes_of(
    state: State, processes: Processes, target: str, now: Moment, remarks: Sequence[str]
) -> tuple[str, ...]:
    """What a report says beside its findings: what holds automation, what is being done, what looks alike."""
    notes = [DRY_RUN] if state.policy.dry_run else []
    pause, desired = state.pauses.get(target), state.desired.get(target)
    if pause is not None:
        minutes = max(0.0, pause.until.mono - now.mono) / 60
        notes.append(f"Automation paused by {pause.actor.name} for {minutes:.0f} more min: {pause.reason}")
    if desired is not None and desired.wanted is Wanted.STOPPED:
        notes.append(_stopped(desired, runs=processes.current(target) is not None))
    for pid, reason in processes.lookalikes(target):
        notes.append(f"pid {pid} looks like it ({reason}): an admin can take it with /adopt")
    if remark := processes.remark(target):
        notes.append(remark)
    notes += outage.notes(state, state.known[target].target, now)
    notes += remarks
    for action in (state.action_on(target), state.rotation_of(target)):
        if action is not None:
            what = "rotation of its log" if action.kind is ActionKind.ROTATE_LOGS else action.kind.value
            notes.append(f"A {what} is in progress, asked by {action.actor.name}")
    return tuple(notes)


def sections_now(state: State, known: Known, titles: Mapping[tuple[str, str], str]) -> tuple[Section, ...]:
    """The sections of a target of a running opsbot. `titles`: (target, check) → its section. What cannot be
    told while opsbot itself is cut off is unknown."""
    own = {spec.name: titles[known.target.name, spec.name] for spec in known.target.checks}
    return sections_of(own, outage.as_known(state, known))


def _stopped(desired: Desired, *, runs: bool) -> str:
    text = f"Stopped by {desired.actor.name}: {desired.reason}"
    if runs:
        return f"{text}. Somebody started it since; opsbot keeps it running only when it is started here"
    return f"{text}. It stays stopped until somebody starts it"
