"""What a target depends on: while a parent is down, restarting the child cannot help."""

from __future__ import annotations

from opsbot.domain.action import Wanted
from opsbot.domain.rule import ActionKind
from opsbot.domain.target import Target
from opsbot.engine.draft import Draft


def parents_down(draft: Draft, target: Target) -> str:
    """What a target depends on and is down, in words; empty when all of it is well."""
    for name in target.depends_on:
        why = _why_down(draft, name)
        if why:
            return f"{draft.state.known[name].target.title}, which {why}"
    return ""


def parents_awaited(draft: Draft, target: Target) -> bool:
    """Whether something that it depends on was not looked for yet, or is just being started."""
    return any(_awaited(draft, name) for name in target.depends_on)


def _awaited(draft: Draft, name: str) -> bool:
    known = draft.state.known[name]
    return draft.action_on(name) is not None or (known.target.supervisor is not None and not known.looked)


def _why_down(draft: Draft, name: str) -> str:
    """A target is down when it does not run, or when something that would have it restarted fires."""
    known = draft.state.known[name]
    action = draft.action_on(name)
    if action is not None:
        return f"has a {action.kind.value} in progress"
    if known.target.supervisor is not None and known.looked and known.running is None:
        desired = draft.desired(name)
        stopped = desired is not None and desired.wanted is Wanted.STOPPED
        return f"was stopped by {desired.actor.name}" if desired and stopped else "does not run"
    asking = {rule.name for rule in known.target.rules if rule.action is ActionKind.RESTART}
    firing = next((a for a in draft.alerts_of(name) if a.firing and a.rule in asking), None)
    return f"is not well ({firing.rule})" if firing else ""
