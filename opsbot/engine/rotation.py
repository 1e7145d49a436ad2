"""Rotation of a target's log: who may ask for it, when a rule's wish is followed, and how it ends.

It leaves the service alone, so it neither waits for a restart nor holds one back.
"""

from __future__ import annotations

from opsbot.domain.action import STEPS, Action, ActionState, Rotate, Step
from opsbot.domain.actor import AUTO, Actor, ActorKind
from opsbot.domain.incident import Entry, EntryKind
from opsbot.domain.moment import Moment
from opsbot.domain.notice import NoticeKind
from opsbot.domain.rule import ActionKind
from opsbot.engine import evidence, incidents, muting
from opsbot.engine.draft import Draft, RunAction
from opsbot.engine.inputs import RotateAsked
from opsbot.engine.state import Known
from opsbot.errors import Refused

KIND = ActionKind.ROTATE_LOGS

AGAIN_AFTER_FAILURE = 3600.0
"""Seconds after a failed rotation in which none is begun by itself: a full disk is not full for a second."""


def ask(draft: Draft, asked: RotateAsked) -> None:
    """Begins a rotation that a person or the schedule wants.

    Raises:
        Refused: one is in progress, or the target has no log; of the schedule also what holds automation.
    """
    known = draft.state.known[asked.target]
    why_not = _impossible(draft, known)
    if not why_not and asked.actor.kind is ActorKind.AUTO:
        why_not = _held(draft, known, draft.now)
    if why_not:
        if asked.actor.kind is not ActorKind.AUTO:
            draft.audit(asked.actor, KIND.value, asked.target, "refused", why_not)
        raise Refused(f"Not now: {why_not}.")
    _begin(draft, known, asked.actor, asked.reason, asked.rotate)


def consider(draft: Draft, known: Known) -> None:
    """Begins the rotation that a firing rule asks for, unless something holds it."""
    asking = evidence.asking(draft, known, KIND, known.rotated)
    if asking is not None and not _impossible(draft, known) and not _held(draft, known, draft.now):
        _begin(draft, known, AUTO, asking.text or asking.rule, Rotate())


def _impossible(draft: Draft, known: Known) -> str:
    if known.target.rotation is None:
        return "no log of this target is known: name it with `rotate.path`"
    running = draft.rotation_of(known.target.name)
    return f"a rotation of its log is in progress, asked by {running.actor.name}" if running else ""


def _held(draft: Draft, known: Known, now: Moment) -> str:
    """What holds automation, but no person."""
    rotation, pause = known.target.rotation, draft.pause(known.target.name)
    if rotation is None or not rotation.enabled:
        return "opsbot does not rotate this log by itself"
    if pause is not None and pause.until.mono > now.mono:
        return f"automation is paused by {pause.actor.name}"
    if maintained := muting.maintained(draft, known.target.name):
        return maintained.reason
    if draft.state.policy.dry_run:
        return "this is a dry run"
    failed = known.rotation_failed
    if failed is not None and now.since(failed) < AGAIN_AFTER_FAILURE:
        return "the last rotation failed a short while ago"
    return ""


def _begin(draft: Draft, known: Known, actor: Actor, reason: str, wanted: Rotate) -> None:
    name = known.target.name
    live = draft.live(name)
    action = Action(
        id=draft.next_action(),
        target=name,
        kind=KIND,
        actor=actor,
        reason=reason,
        asked=draft.now,
        generation=0,
        incident=live.id if live else None,
        steps=tuple(Step(title) for title in STEPS[KIND]),
        rotate=wanted,
    )
    draft.put_action(action)
    draft.audit(actor, KIND.value, name, "allowed", reason)
    draft.effects.append(RunAction(action))
    _note(draft, name, "Rotating its log", actor)


def ended(draft: Draft, action: Action) -> None:
    """Takes over the result of a rotation."""
    draft.put_action(action)
    good = action.state is ActionState.DONE
    draft.audit(action.actor, KIND.value, action.target, "done" if good else "failed", action.detail)
    text = f"Log rotated: {action.detail}" if good else f"Rotation of its log failed: {action.detail}"
    _note(draft, action.target, text, action.actor)


def interrupted(draft: Draft, action: Action) -> None:
    """A rotation that was running when opsbot ended: what was set aside is found and finished."""
    text = "opsbot was interrupted while it rotated the log; it goes on where it was"
    _note(draft, action.target, text, AUTO)
    draft.audit(AUTO, KIND.value, action.target, "resumed", text)
    draft.effects.append(RunAction(action, resumed=True))


def _note(draft: Draft, target: str, text: str, actor: Actor) -> None:
    live = draft.live(target)
    if live is not None:
        entry = Entry(draft.now, EntryKind.DONE, text, actor)
        draft.put_incident(incidents.noted(live, entry), NoticeKind.CHANGED, entry)
