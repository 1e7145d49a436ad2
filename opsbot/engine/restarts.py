"""The one guard: whether a target may be restarted now.

A person's wish is only checked against what would break (an action in progress, no supervisor). Automation
must also respect the pause, an operator's stop, the exit code, the backoff and the hourly budget.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from opsbot.domain.action import Action, Desired, Pause, RestartMark, Wanted
from opsbot.domain.moment import Moment
from opsbot.domain.process import Exit
from opsbot.domain.rule import RestartPolicy

HOUR = 3600.0
"""Seconds of the restart budget's window (`max_restarts_per_hour`)."""

JITTER = 0.1
"""Part of a backoff delay that varies from target to target, so that a fleet does not restart in step."""


class Answer(StrEnum):
    """What the guard says."""

    GO = "go"
    WAIT = "wait"  # backoff: ask again at `until`
    HOLD = "hold"  # budget used up: a person or the hour must free one
    NO = "no"


@dataclass(frozen=True, slots=True)
class Ruling:
    """The guard's answer with its reason, one clause for people. `final`: only a person can change it."""

    answer: Answer
    reason: str
    until: Moment | None = None
    final: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """All that the guard looks at. `marks`: the target's restarts, oldest first. `exit`: how the process
    ended, None while one runs. `hopeless`: why the last start failed in a way that another cannot help.
    `relieved_until`: so long another supervisor (systemd, Docker) may start it by itself. `parent`: why
    something that it depends on is down, empty when nothing is. `outage`: what an outage of opsbot's own
    connection or of Discord says against it, or maintenance. `dry`: nothing is done by itself."""

    policy: RestartPolicy
    supervised: bool
    marks: Sequence[RestartMark]
    desired: Desired | None = None
    pause: Pause | None = None
    running: Action | None = None
    exit: Exit | None = None
    degraded_since: Moment | None = None
    hopeless: str = ""
    relieved_until: Moment | None = None
    parent: str = ""
    outage: Ruling | None = None
    dry: bool = False


def person(situation: Situation) -> Ruling:
    """Whether a person's restart, start or stop may begin."""
    return _impossible(situation) or Ruling(Answer.GO, "asked by a person")


def automatic(situation: Situation, now: Moment) -> Ruling:
    """Whether a rule's restart may begin now."""
    return (
        _impossible(situation)
        or _forbidden(situation, now)
        or _budget(situation, now)
        or _backoff(situation, now)
        or _dry(situation)
        or Ruling(Answer.GO, "by rule")
    )


def _impossible(situation: Situation) -> Ruling | None:
    if not situation.supervised:
        return Ruling(Answer.NO, "opsbot only watches this target: no supervisor is configured for it")
    if situation.running is not None:
        action = situation.running
        return Ruling(Answer.NO, f"a {action.kind.value} is in progress, asked by {action.actor.name}")
    return None


def _forbidden(situation: Situation, now: Moment) -> Ruling | None:
    policy, pause, desired, ended = (
        situation.policy,
        situation.pause,
        situation.desired,
        situation.exit,
    )
    if not policy.enabled:
        return Ruling(Answer.NO, "automatic restarts are switched off in the configuration")
    if pause is not None and pause.until.mono > now.mono:
        return Ruling(Answer.NO, f"automation is paused by {pause.actor.name}", pause.until)
    if desired is not None and desired.wanted is Wanted.STOPPED:
        return Ruling(Answer.NO, f"stopped by {desired.actor.name}")
    if ended is not None and ended.code in policy.never_codes:
        return Ruling(Answer.NO, f"exit code {ended.code} means that a restart cannot help", final=True)
    if situation.hopeless:
        return Ruling(Answer.NO, f"trying again cannot help ({situation.hopeless})", final=True)
    return _left_to_others(situation, now)


def _left_to_others(situation: Situation, now: Moment) -> Ruling | None:
    if situation.parent:
        return Ruling(Answer.NO, f"it depends on {situation.parent}")
    if situation.outage is not None:
        return situation.outage
    until = situation.relieved_until
    if until is not None and until.mono > now.mono:
        return Ruling(Answer.WAIT, "its own supervisor may start it again by itself", until)
    return None


def _dry(situation: Situation) -> Ruling | None:
    return Ruling(Answer.NO, "dry run: it would be restarted now") if situation.dry else None


def _budget(situation: Situation, now: Moment) -> Ruling | None:
    degraded = situation.degraded_since
    if degraded is not None and any(m.automatic and m.at.mono >= degraded.mono for m in situation.marks):
        return Ruling(
            Answer.HOLD, "opsbot's state cannot be written, so one restart is all it does by itself"
        )
    limit = situation.policy.max_per_hour
    if limit <= 0:
        return Ruling(Answer.NO, "no automatic restart is allowed in any hour")
    used = [m for m in situation.marks if m.automatic and m.at.after(HOUR).mono > now.mono]
    if len(used) < limit:
        return None
    free = used[-limit].at.after(HOUR)
    times = "once" if len(used) == 1 else f"{len(used)} times"
    return Ruling(Answer.HOLD, f"restarted {times} within the last hour, the limit is used up", free)


def _backoff(situation: Situation, now: Moment) -> Ruling | None:
    streak = _streak(situation)
    if not streak:
        return None
    until = situation.marks[-1].at.after(
        backoff_seconds(situation.policy, streak, situation.marks[-1].target)
    )
    if until.mono <= now.mono:
        return None
    return Ruling(Answer.WAIT, f"restart {streak + 1} in a row waits a little longer each time", until)


def _streak(situation: Situation) -> int:
    """Restarts in a row, counted back to the last stretch of health of `healthy_reset` seconds.

    A stretch between two restarts that is long enough was spent in health: while the target is unhealthy,
    restarts follow each other at the backoff, which is shorter (`backoff_max` < `healthy_reset`).
    """
    count = 0
    marks = situation.marks
    later = situation.exit.at if situation.exit is not None else None
    for mark in reversed(marks):
        if later is not None and later.since(mark.at) >= situation.policy.healthy_reset:
            break
        count += 1
        later = mark.at
    return count


def backoff_seconds(policy: RestartPolicy, streak: int, target: str) -> float:
    """Delay before restart number `streak + 1` in a row: doubling, capped, with the target's own jitter."""
    delay = _delay(policy, streak)
    digest = hashlib.blake2b(f"{target}:{streak}".encode(), digest_size=2).digest()
    return delay * (1.0 + JITTER * int.from_bytes(digest) / 0xFFFF)


def most_in_an_hour(policy: RestartPolicy) -> int:
    """The most automatic restarts that the waits let into an hour, if there were no limit: of a target that
    dies at once each time, or just after the stretch of health that makes the waits begin anew. Not counted
    beyond the policy's own limit.
    """
    best = _fitting(policy, HOUR)
    spent = 0.0
    for streak in range(1, best + 1):
        if best >= policy.max_per_hour:
            break
        rounds, rest = divmod(HOUR, spent + policy.healthy_reset)
        best = max(best, int(rounds) * streak + min(streak, _fitting(policy, rest)))
        spent += _delay(policy, streak)
    return best


def _fitting(policy: RestartPolicy, seconds: float) -> int:
    """Restarts in a row that fit into so many seconds, the first at once; counted to the policy's limit."""
    count, at = 0, 0.0
    while at < seconds and count < policy.max_per_hour:
        count += 1
        at += _delay(policy, count)
    return count


def _delay(policy: RestartPolicy, streak: int) -> float:
    return min(policy.backoff_max, policy.backoff_first * 2.0 ** min(streak - 1, 32))
