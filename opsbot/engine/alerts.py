"""The life of an alert: inactive → pending → firing → resolved → inactive.

Only evidence moves it. A True verdict starts the hold and, once the rule's `hold_seconds` and `need` of `of`
are met, fires; a False verdict ends a hold, and after `recover_seconds` of False resolves. An unknown verdict
does neither. A hold or a recovery outlives a gap of `GAP_INTERVALS` intervals without a verdict; after a
longer one (the check is gone, the machine slept, opsbot was restarted) it begins anew with the next verdict.

So an alert whose metric vanished stays as it is for as long as that lasts: a firing alert never resolves by
itself, however much time passes. It ends by a False verdict, or by `close` (a person, or the rule is gone).

An `Alert` is what must not be lost: that it fires, that it was resolved. Everything on the way there is
`Progress`, which lives in memory: a condition that flaps before its hold costs no write, nothing stored
changes from sample to sample, and "pending" is read off the progress (`pending`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import inf

from opsbot.domain.alert import Alert
from opsbot.domain.levels import AlertState
from opsbot.domain.moment import Moment
from opsbot.domain.rule import Rule
from opsbot.engine.conditions import Verdict
from opsbot.engine.windows import GAP_INTERVALS
from opsbot.engine.wording import span

RESOLVED_KEPT = 900.0
"""Seconds a resolved alert is shown as such before it is inactive (Prometheus' resolvedRetention, 15 min)."""

SHORTEST_INTERVAL = 1.0
"""Seconds: shorter intervals count as this one, so that no gap is shorter than three seconds."""

LATE = 1.5
"""A verdict that has not come after this many intervals is late: it is not waited for."""

NEVER = Moment(-inf, -inf)
"""Before everything."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rule's condition is, from verdict to verdict; never stored.

    `interval`: seconds between two verdicts, usually: the longest of the checks that the rule reads
    (`Windows.interval(rule.reads)`). `verdict`: the last one that knew, at `last`; the truth has been so
    without a gap since `since`. `recent`: the last `of` truths that were known, the newest last.
    """

    interval: float = SHORTEST_INTERVAL
    verdict: Verdict | None = None
    since: Moment = NEVER
    last: Moment = NEVER
    recent: tuple[bool, ...] = ()

    @property
    def pace(self) -> float:
        """The interval, as it counts."""
        return max(SHORTEST_INTERVAL, self.interval)

    def broken(self, now: Moment) -> bool:
        """Whether nothing was known for so long that the next verdict begins anew."""
        return now.since(self.last) > GAP_INTERVALS * self.pace

    def seen(self, verdict: Verdict, of: int, now: Moment) -> Progress:
        """After one more verdict that knew."""
        truth, broken = bool(verdict.truth), self.broken(now)
        same = not broken and self.verdict is not None and self.verdict.truth is truth
        recent = () if broken else self.recent
        since = self.since if same else now
        return Progress(self.interval, verdict, since, now, (*recent, truth)[-max(1, of) :])


@dataclass(frozen=True, slots=True)
class Moved:
    """What a verdict did: the progress to keep, and the alert where it changed and must be stored."""

    progress: Progress
    alert: Alert | None = None


def step(
    target: str, rule: Rule, alert: Alert | None, progress: Progress | None, verdict: Verdict, now: Moment
) -> Moved:
    """Takes a verdict. `alert`: as it stands, None is inactive; `progress`: None at the first verdict.

    The alert that comes back is firing or resolved; its text is the evidence (`engine.messages.message`
    makes the rule's own of it).
    """
    progress = progress or Progress()
    if verdict.truth is None:
        return Moved(progress)
    progress = progress.seen(verdict, rule.of, now)
    if alert is not None and alert.firing:
        return _recovering(rule, alert, progress, now)
    if verdict.truth and _holds(rule, progress, now):
        return Moved(progress, _fired(target, rule, progress, verdict, now))
    return Moved(progress)


def tick(
    target: str, rule: Rule, alert: Alert | None, progress: Progress | None, now: Moment
) -> Alert | None:
    """What time alone does, once `due` has come: fires what has held long enough and was seen true recently,
    and makes a resolved alert inactive after `RESOLVED_KEPT`. None when nothing changes.

    A rule that may not begin to fire now is ticked, and asked for its `due`, with no progress.
    """
    when = due(rule, alert, progress, now)
    if when is None or now.mono < when.mono:
        return None
    if progress is not None and progress.verdict is not None and _ripens(rule, alert, progress, now):
        return _fired(target, rule, progress, progress.verdict, now)
    if alert is None:
        return None
    reason = f"resolved {span(now.since(alert.since))} ago"
    return replace(alert, state=AlertState.INACTIVE, since=now, reason=reason)


def due(rule: Rule, alert: Alert | None, progress: Progress | None, now: Moment) -> Moment | None:
    """When `tick` has something to do; None: only a verdict can change anything.

    A hold that ends shortly before the next verdict is expected waits for that verdict, so that a hold of
    one interval is not met by a single sample; but not for one that is late.
    """
    ripe = _ripens(rule, alert, progress, now) if progress is not None else None
    if ripe is None and alert is not None and alert.state is AlertState.RESOLVED:
        return alert.since.after(RESOLVED_KEPT)
    return ripe


def next_due(watched: Iterable[tuple[Rule, Alert | None, Progress | None]], now: Moment) -> Moment | None:
    """The earliest `due` of all; None when time alone changes nothing."""
    dues = (due(rule, alert, progress, now) for rule, alert, progress in watched)
    return min((when for when in dues if when is not None), key=lambda moment: moment.mono, default=None)


def pending(target: str, rule: Rule, alert: Alert | None, progress: Progress | None) -> Alert | None:
    """The alert as pending, for people: the condition was true of late and has not held long enough."""
    if progress is None or progress.verdict is None or not any(progress.recent):
        return None
    if alert is not None and alert.firing:
        return None
    reason = f"{progress.verdict.text}; fires {_needed(rule)}"
    return _made(target, rule, AlertState.PENDING, progress, progress.verdict, progress.since, reason)


def close(alert: Alert, now: Moment, reason: str) -> Alert | None:
    """Ends a firing alert without evidence: a person says so, or its rule is gone. None if it does not fire.

    Its progress is to be dropped with it.
    """
    if not alert.firing:
        return None
    return replace(alert, state=AlertState.RESOLVED, since=now, reason=reason, false_since=now)


def _holds(rule: Rule, progress: Progress, now: Moment) -> bool:
    return now.since(progress.since) >= rule.hold_seconds and sum(progress.recent) >= rule.need


def _ripens(rule: Rule, alert: Alert | None, progress: Progress, now: Moment) -> Moment | None:
    """When a pending hold is over without a further verdict; None when none will be."""
    if (alert is not None and alert.firing) or progress.verdict is None or not progress.verdict.truth:
        return None
    if progress.broken(now) or sum(progress.recent) < rule.need:
        return None
    ripe = progress.since.after(rule.hold_seconds)
    if ripe.mono > progress.last.mono + progress.pace / 2:
        late = progress.last.after(LATE * progress.pace)
        ripe = max(ripe, late, key=lambda moment: moment.mono)
    return None if progress.broken(ripe) else ripe


def _recovering(rule: Rule, alert: Alert, progress: Progress, now: Moment) -> Moved:
    """A firing alert resolves when the verdict has been False for `recover_seconds`; it keeps its text."""
    verdict, since = progress.verdict, progress.since
    if verdict is None or verdict.truth or now.since(since) < rule.recover_seconds:
        return Moved(progress)
    held = f" for {span(now.since(since))}" if rule.recover_seconds else ""
    over = replace(
        alert,
        state=AlertState.RESOLVED,
        since=now,
        reason=verdict.text + held,
        value=verdict.value,
        false_since=since,
    )
    return Moved(replace(progress, recent=()), over)  # what it fired for does not count twice


def _fired(target: str, rule: Rule, progress: Progress, verdict: Verdict, now: Moment) -> Alert:
    held = f", for {span(now.since(progress.since))}" if rule.hold_seconds else ""
    counted = f", {sum(progress.recent)} of the last {len(progress.recent)} times" if rule.of > 1 else ""
    reason = verdict.text + held + counted
    return _made(target, rule, AlertState.FIRING, progress, verdict, now, reason)


def _made(
    target: str,
    rule: Rule,
    state: AlertState,
    progress: Progress,
    verdict: Verdict,
    since: Moment,
    reason: str,
) -> Alert:
    """An alert with the verdict's numbers and the rule's present severity and priority."""
    return Alert(
        target=target,
        rule=rule.name,
        state=state,
        severity=rule.severity,
        priority=rule.priority,
        since=since,
        text=verdict.text,
        reason=reason,
        value=verdict.value,
        limit=verdict.limit,
        unit=verdict.unit,
        name=verdict.name,
        true_since=progress.since,
    )


def _needed(rule: Rule) -> str:
    held = f"after {span(rule.hold_seconds)}" if rule.hold_seconds else ""
    counted = f"at {rule.need} of {rule.of} times" if rule.need > 1 else ""
    return " and ".join(part for part in (held, counted) if part) or "at once"
