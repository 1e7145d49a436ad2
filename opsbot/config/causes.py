"""What a rule's condition says about the target, and whether that may restart it.

A target's `restart.causes` lists what may. By default that is its death, its failing health check, what an
own rule says about numbers, and a lost connection to Discord, if opsbot finds out whether that is Discord's
own outage (`engine/outage.py`). What a restart does not mend only alerts unless it is listed.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from opsbot.config.conditions.scope import Scope
from opsbot.domain.expr import All, AnyOf, Compare, Expr, Not, Ratio, Seen
from opsbot.domain.levels import Outcome


class Cause(StrEnum):
    """Why a target would be restarted."""

    DIED = "died"
    UNHEALTHY = "unhealthy"
    RULE = "rule"  # a number that an own rule names, such as memory
    GATEWAY_LOST = "gateway_lost"
    ZOMBIE_SOCKETS = "zombie_sockets"
    DEPENDENCY = "dependency"
    DEGRADED = "degraded"


BY_GATEWAY = (Cause.GATEWAY_LOST, Cause.ZOMBIE_SOCKETS)
"""What may just as well be an outage of Discord's."""


def usual(*, guarded: bool) -> tuple[Cause, ...]:
    """What restarts where nothing else is said. `guarded`: opsbot asks how Discord is, and holds back."""
    return (Cause.DIED, Cause.UNHEALTHY, Cause.RULE, *(BY_GATEWAY if guarded else ()))


WHY = {
    Cause.GATEWAY_LOST: "a lost gateway alone may be Discord's outage, and `outages` is off",
    Cause.ZOMBIE_SOCKETS: "dead connections alone may be Discord's outage, and `outages` is off",
    Cause.DEPENDENCY: "a restart does not mend what the target depends on",
    Cause.DEGRADED: "a target that is degraded still works",
}
"""Why a cause does not restart unless it is listed; the others are left out by somebody."""

_OF_KIND = {
    "process": Cause.DIED,
    "http": Cause.UNHEALTHY,
    "port": Cause.UNHEALTHY,
    "gateway": Cause.GATEWAY_LOST,
    "sockets": Cause.ZOMBIE_SOCKETS,
    "upstream": Cause.DEPENDENCY,
}
_GATEWAY_WORDS = ("no_gateway_heartbeat", "gateway_lost")


def obstacle(expr: Expr, scope: Scope, causes: Collection[Cause]) -> Cause | None:
    """What stands in the way of a restart by this condition; None when nothing does.

    Of parts joined by `and` one that may restart suffices; of parts joined by `or` each must, for each alone
    can make the rule fire. What a condition rules out (`not …`) is no cause.
    """
    match expr:
        case Seen():
            return _unless_listed(_seen(expr, scope), causes)
        case Compare(left=left):
            metric = left.part if isinstance(left, Ratio) else left.metric
            check = scope.metrics.get(metric, "")
            upstream = scope.checks.get(check) == "upstream"
            return _unless_listed(Cause.DEPENDENCY if upstream else Cause.RULE, causes)
        case All(terms=terms):
            found = [obstacle(term, scope, causes) for term in terms if not isinstance(term, Not)]
            return found[0] if found and all(found) else None
        case AnyOf(terms=terms):
            return next((o for term in terms if (o := obstacle(term, scope, causes))), None)
        case Not():
            return _unless_listed(Cause.RULE, causes)


def needs_discord(expr: Expr, scope: Scope, causes: Collection[Cause]) -> bool:
    """Whether a condition restarts only because a connection to Discord is lost."""
    return obstacle(expr, scope, [cause for cause in causes if cause not in BY_GATEWAY]) is not None


def _seen(seen: Seen, scope: Scope) -> Cause:
    if seen.name in _GATEWAY_WORDS:  # the log's story or the sockets' state, whichever knows
        return Cause.GATEWAY_LOST
    if seen.outcomes <= {Outcome.DEGRADED.value}:
        return Cause.DEGRADED
    return _OF_KIND.get(scope.checks.get(seen.check, ""), Cause.RULE)


def _unless_listed(cause: Cause, causes: Collection[Cause]) -> Cause | None:
    return None if cause in causes else cause
