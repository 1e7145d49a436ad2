"""How a target is some time after a deploy. What was not looked at is never said to be well."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from opsbot.domain.deploy_watch import DeployOutcome, Measured
from opsbot.domain.incident import Incident
from opsbot.domain.levels import Outcome
from opsbot.domain.metrics import spacing
from opsbot.domain.moment import Moment
from opsbot.domain.series import Series
from opsbot.domain.silence import Deploy
from opsbot.domain.target import CheckSpec
from opsbot.engine.own import CUT_RULE, OWN
from opsbot.engine.state import Known, State
from opsbot.engine.wording import first_line, number, span

FEW_ERRORS = 5
"""Errors in the log that are no trouble, however few there were before (the guide warns above 5 per hour)."""

WORSE = 2.0
"""So many times the errors of before the deploy are trouble."""

SLACK = 60.0
"""Seconds without a look that are no gap; and two intervals of the check, where those are longer."""

LONGEST_LOOK = 300.0
"""Seconds that a single value stands for at most."""

_TEXT = 120


def end_of(deploy: Deploy, watch: float) -> Moment:
    """When the watch is over: it begins when the target is left to itself again."""
    return deploy.until.after(watch)


def outcome(state: State, deploy: Deploy, watch: float, measured: Measured, now: Moment) -> DeployOutcome:
    """`watch`: seconds. The target must be known."""
    known = state.known[deploy.target]
    return DeployOutcome(
        deploy,
        watch,
        troubles=tuple(_troubles(state, known, deploy, measured)),
        gaps=tuple(_gaps(state, known, deploy, watch, measured, now)),
        notes=tuple(_notes(state, known, deploy, measured)),
    )


def unwatched(looks: Series | None, since: float, until: float) -> float:
    """Seconds of a time (in seconds since 1970 UTC) in which nothing was looked at, by the values of a metric
    that has one at each look; 0 for a target that has no such metric."""
    if looks is None:
        return 0.0
    step = looks.step or min(LONGEST_LOOK, spacing(looks))
    missing, at = 0.0, since
    for bucket in looks.buckets:
        missing += max(0.0, min(until, bucket.wall) - at)
        at = max(at, bucket.wall + step)
    return missing + max(0.0, until - at)


# -- what is bad


def _troubles(state: State, known: Known, deploy: Deploy, measured: Measured) -> Iterator[str]:
    name, since = deploy.target, deploy.until
    mine = [i for i in state.incidents.values() if i.target == name]
    numbers = {i.id for i in mine if _began(i, since)}
    alerts = sum(len(_began(i, since)) for i in mine)
    for incident in state.incidents.values():
        for one in incident.affected:
            if one.target == name and (one.firing or _is_since(one.at, since)):
                numbers.add(incident.id)
                alerts += max(1, len(one.firing))
    if alerts:
        yield f"{_count(alerts, 'alert')} since, see {_listed(numbers)}"
    if older := {i.id for i in mine if i.live} - numbers:
        yield f"{_listed(older)} is still open" if len(older) == 1 else f"{_listed(older)} are still open"
    muted = [a.rule for a in state.alerts.values() if a.target == name and a.firing and a.muted]
    if muted:
        yield f"{', '.join(sorted(muted))} fires and is told nobody"
    if failing := [text for spec in known.target.checks if (text := _failing(known, spec))]:
        yield f"failing now: {', '.join(failing)}"
    if restarts := _restarts(state, deploy, automatic=True):
        yield f"opsbot had to restart it {_times(restarts)}"
    if _more_errors(measured):
        yield _errors(measured)


def _began(incident: Incident, since: Moment) -> list[str]:
    """Alerts of an incident that began to fire since then."""
    return [line.rule for line in incident.alerts if line.since.mono >= since.mono]


def _failing(known: Known, spec: CheckSpec) -> str:
    sample = known.view.newest.get(spec.name)
    if sample is None or not sample.outcome.bad:
        return ""
    return f"{spec.name} ({first_line(sample.detail, _TEXT) or sample.outcome.value})"


def _restarts(state: State, deploy: Deploy, *, automatic: bool) -> int:
    marks = state.restarts.get(deploy.target, [])
    return sum(m.automatic is automatic and m.at.mono >= deploy.until.mono for m in marks)


def _more_errors(measured: Measured) -> bool:
    errors, before = measured.errors, measured.errors_before or 0.0
    return errors is not None and errors > FEW_ERRORS and errors >= WORSE * before


def _errors(measured: Measured) -> str:
    before = measured.errors_before
    rest = f", {number(before)} in as long before" if before is not None else ""
    return f"{_count(measured.errors or 0.0, 'error')} in the log{rest}"


# -- what nobody knows


def _gaps(
    state: State, known: Known, deploy: Deploy, watch: float, measured: Measured, now: Moment
) -> Iterator[str]:
    cut = [i for i in state.incidents.values() if i.target == OWN and _was_cut_off(i, deploy.until)]
    if cut or state.reach.cut_off is not None:
        yield "opsbot itself was cut off from the network meanwhile"
    if measured.unwatched > SLACK:
        yield f"nothing was looked at for {span(round(measured.unwatched))} of {span(watch)}"
    newest = known.view.newest
    skipped = [spec.name for spec in known.target.checks if _is_stale(known, spec, deploy, watch, now)]
    if skipped:
        yield f"not looked at: {', '.join(skipped)}"
    seen = [newest[s.name].outcome for s in known.target.checks if s.name in newest]
    if not skipped and all(outcome is Outcome.UNKNOWN for outcome in seen):
        yield "nothing can be told of it"


def _was_cut_off(incident: Incident, since: Moment) -> bool:
    return any(
        line.rule == CUT_RULE and (line.firing or incident.live or _is_since(incident.resolved_at, since))
        for line in incident.alerts
    )


def _is_stale(known: Known, spec: CheckSpec, deploy: Deploy, watch: float, now: Moment) -> bool:
    """Whether its newest sample is older than it should be; one that looks more often than the watch lasts
    must have looked in it."""
    sample = known.view.newest.get(spec.name)
    if sample is None:
        return True
    if spec.interval < watch and sample.at.mono < deploy.until.mono:
        return True
    return now.since(sample.at) > max(SLACK, 2 * spec.interval) + spec.timeout


# -- what else is worth saying


def _notes(state: State, known: Known, deploy: Deploy, measured: Measured) -> Iterator[str]:
    during = [
        line.rule
        for incident in state.incidents.values()
        if incident.target == deploy.target
        for line in incident.alerts
        if deploy.at.mono <= line.since.mono < deploy.until.mono
    ]
    if during:
        yield f"while it was brought out {', '.join(dict.fromkeys(during))} fired"
    if restarts := _restarts(state, deploy, automatic=False):
        yield f"it was started anew {_times(restarts)} by people"
    if measured.errors is not None and not _more_errors(measured):
        yield _errors(measured)
    for outcome_, words in (
        (Outcome.DEGRADED, "works with warnings"),
        (Outcome.UNKNOWN, "nothing can be told of"),
    ):
        names = [n for n, s in known.view.newest.items() if s.outcome is outcome_]
        if names:
            yield f"{words}: {', '.join(names)}"


def _is_since(at: Moment | None, since: Moment) -> bool:
    return at is not None and at.mono >= since.mono


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(f"#{number}" for number in sorted(numbers))


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _count(count: float, noun: str) -> str:
    return f"{number(count)} {noun}{'' if count == 1 else 's'}"
