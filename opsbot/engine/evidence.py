"""Which firing rule asks for an action, on evidence that is newer than the last one."""

from __future__ import annotations

from opsbot.domain.alert import Alert
from opsbot.domain.moment import Moment
from opsbot.domain.rule import ActionKind, Rule
from opsbot.engine.draft import Draft
from opsbot.engine.state import Known


def asking(draft: Draft, known: Known, kind: ActionKind, since: Moment | None) -> Alert | None:
    """The most urgent firing alert whose rule wants the action, and whose condition was seen true since
    opsbot started and since `since`, when the last action ended (what was seen before or during that says
    nothing about its success; an alert that merely waits for its recovery is no reason). One that is about
    more than a lost gateway goes first: it restarts whatever becomes of Discord."""
    fresh = [(rule, a) for a, rule in firing(draft, known, kind) if _is_fresh(known, rule, since)]
    first = min(fresh, key=lambda both: (both[0].by_gateway, both[1].priority.rank), default=None)
    return None if first is None else first[1]


def firing(draft: Draft, known: Known, kind: ActionKind) -> list[tuple[Alert, Rule]]:
    """The target's firing alerts whose rules want the action, each with its rule."""
    wanting = {r.name: r for r in known.target.rules if r.action is kind}
    alerts = draft.alerts_of(known.target.name)
    return [(a, wanting[a.rule]) for a in alerts if a.firing and a.rule in wanting]


def _is_fresh(known: Known, rule: Rule, since: Moment | None) -> bool:
    progress = known.progress[rule.name]
    if progress.verdict is None or not progress.verdict.truth:
        return False
    if since is None:
        return True
    samples = (known.view.newest.get(check) for check in rule.reads)
    judged = progress.last.mono > since.mono
    return judged and any(s is not None and s.at.mono > since.mono for s in samples)
