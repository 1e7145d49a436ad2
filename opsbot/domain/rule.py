"""A rule, and how a target is restarted: what the configuration says, checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from opsbot.domain.expr import Expr, Operand
from opsbot.domain.levels import Priority, Severity


class ActionKind(StrEnum):
    """What can be done about a firing rule."""

    NONE = "none"
    RESTART = "restart"
    ROTATE_LOGS = "rotate_logs"
    INVESTIGATE = "investigate"  # collect diagnostics and ask a person
    MONITOR = "monitor"  # look every second for a while, and tell what was seen
    CHECK_API_KEY = "check_api_key"  # find out whether its keys still work
    START = "start"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition and what follows from it.

    `hold_seconds`: the condition must be true that long without a gap (Prometheus' `for`).
    `need` of the last `of` evaluations must be true; an evaluation happens when a sample of a check that
    the condition reads arrives. 1 of 1 is "at once". `recover_seconds`: how long the condition must be
    false before the alert resolves. `message`: a template with `{value}`-like fields, see `engine.messages`.
    `reads`: names of the checks whose samples make it be evaluated. `shows`: named numbers that the message
    mentions and the condition does not read. `by_gateway`: it restarts only because a connection to Discord
    is lost, so not while Discord itself is down.
    """

    name: str
    condition: Expr
    severity: Severity
    priority: Priority
    message: str
    action: ActionKind = ActionKind.NONE
    hold_seconds: float = 0.0
    need: int = 1
    of: int = 1
    recover_seconds: float = 0.0
    reads: frozenset[str] = field(default_factory=frozenset)
    shows: tuple[Operand, ...] = ()
    by_gateway: bool = False


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """When opsbot may restart a target by itself (faults.md, "crash loop").

    The first restart is at once; further ones wait `backoff_first` seconds doubling to `backoff_max`,
    reset after `healthy_reset` seconds of health. At most `max_per_hour` automatic restarts in any hour,
    then hold. `never_codes`: exit codes that mean "do not restart" (78, EX_CONFIG). `handover`: seconds in
    which a new process is awaited after a clean exit. `start_grace`: seconds after its start in which a
    target that has not answered yet is given time (the guide's Docker health check has a start period of
    40 s). Stop and start have their timeouts in seconds.
    """

    enabled: bool = True
    max_per_hour: int = 3
    backoff_first: float = 1.0
    backoff_max: float = 300.0
    healthy_reset: float = 600.0
    never_codes: frozenset[int] = frozenset({78})
    handover: float = 15.0
    start_grace: float = 40.0
    stop_timeout: float = 10.0
    start_timeout: float = 60.0
