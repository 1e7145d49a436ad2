"""What was observed of a target goes on under new settings, as far as it still means the same."""

from __future__ import annotations

from dataclasses import replace

from opsbot.domain.target import CheckSpec, Target
from opsbot.engine.state import Known


def go_on(known: Known, before: Known, *, same_service: bool, apart: bool = False) -> None:
    """Takes over into `known`, of which nothing was seen yet. `same_service`: what runs is found as before,
    else it is looked for anew. `apart`: it runs, and will not be found: that is no death."""
    checks = unchanged_checks(known.target, before.target)
    known.view.windows.go_on(before.view.windows, checks)
    known.answered = before.answered & checks
    rules = {rule.name: rule for rule in before.target.rules}
    for rule in known.target.rules:
        if rules.get(rule.name) == rule and rule.reads <= checks and rule.name in before.progress:
            interval = known.view.windows.interval(rule.reads)
            known.progress[rule.name] = replace(before.progress[rule.name], interval=interval)
    known.settled, known.rotated = before.settled, before.rotated
    known.rotation_failed, known.looked_into = before.rotation_failed, dict(before.looked_into)
    known.looked = apart
    if not same_service:
        return
    known.running, known.exit, known.looked = before.running, before.exit, before.looked
    known.alike, known.handover_until = before.alike, before.handover_until
    known.relieved_until = before.relieved_until
    if known.target.supervisor == before.target.supervisor:  # else what was hopeless may be so no more
        known.hopeless = before.hopeless


def unchanged_checks(new: Target, old: Target) -> frozenset[str]:
    """The checks of both that look the same way; how often is another question."""
    return frozenset(c.name for c in new.checks if any(_alike(c, other) for other in old.checks))


def _alike(one: CheckSpec, other: CheckSpec) -> bool:
    return (one.name, one.kind, one.options) == (other.name, other.kind, other.options)
