"""The search through all processes: which one is the target, which are left over, which only look like it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field

from opsbot.domain.process import ProcessId
from opsbot.supervisors import _locks, _proc
from opsbot.supervisors._group import Adoption
from opsbot.supervisors._keeper import ENTRY
from opsbot.supervisors._match import Fit, Pattern, Verdict

EXEC_TRIES = 10
EXEC_PAUSE_SECONDS = 0.001
ANOTHERS = "it belongs to another target or another opsbot"
LEFT_OVER = "it was started for a target that is no longer configured"
_KEEPER = os.fsencode(ENTRY[ENTRY.rindex("/opsbot/") :])
"""Ends the command line of every keeper, also of one that an opsbot from another folder started."""


@dataclass(frozen=True, slots=True)
class Found:
    """A live process that concerns the target."""

    process: ProcessId
    stat: _proc.Stat
    verdict: Verdict
    cookie: _proc.Cookie | None

    @property
    def pid(self) -> int:
        return self.process.pid


@dataclass(slots=True)
class Findings:
    """`target`: the one that is it; `generation`: what it was started for (0: by somebody else);
    `by_match`: it was known by its looks alone.

    `leftovers`: survivors of an earlier target. `candidates`: look like it; `blocking`: one of them may be
    the target, so that a start could make a second copy.
    """

    target: ProcessId | None = None
    generation: int = 0
    by_match: bool = False
    leftovers: list[ProcessId] = field(default_factory=list)
    candidates: list[tuple[ProcessId, str]] = field(default_factory=list)
    blocking: bool = False


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of the targets before. `ended_known`: a keeper saw the last one end, so that what
    survives in a session of its own is no target that went to the background. `adopted`: the last one that
    somebody else had started. `stopped`: pid of the last one that opsbot itself made end, 0 for none.
    `beside`: clock ticks since boot; what began before then ran beside a target that has crashed since, or
    that opsbot made end, and is no replacement of it."""

    ended_known: bool = False
    adopted: Adoption | None = None
    stopped: int = 0
    beside: int = 0


@dataclass(frozen=True, slots=True)
class Search:
    """`pattern`: None when copies by hand are none of ours (`adopt: never`); `ask`: a person must say so
    first. `lock`: the file that the target holds. `strangers`: never looked at (opsbot itself). `others`:
    live processes of other targets; `left`: of such as are no longer configured."""

    boot_id: str
    token: str
    lock: str
    pattern: Pattern | None
    past: Past = Past()
    ask: bool = False
    strangers: frozenset[int] = frozenset()
    others: frozenset[ProcessId] = frozenset()
    left: frozenset[ProcessId] = frozenset()

    def run(self) -> Findings:
        """Looks at every process once."""
        found = [seen for pid in _proc.pids() if (seen := self._look(pid))]
        findings = Findings()
        ours = [f for f in found if self._ours(f)]
        workers = [f for f in found if self._adopted_worker(f)]
        self._by_cookie(ours, findings)
        if not findings.target:
            self._by_match([f for f in found if f not in workers], findings)
        if not findings.target and not self.past.ended_known:
            self._by_lock(ours, findings)
        if findings.target:
            findings.candidates.clear()
            findings.blocking = False
        target = _proc.stat(findings.target.pid) if findings.target else None
        left = [f for f in ours if self._left_over(f)] + workers
        findings.leftovers = [f.process for f in left if not target or f.stat.session != target.session]
        return findings

    def _look(self, pid: int) -> Found | None:
        if pid in self.strangers:
            return None
        command = command_of(pid)
        if not command or _KEEPER in command:  # a kernel thread, a zombie, or a keeper
            return None
        cookie = _proc.cookie(pid)
        verdict = Verdict(Fit.NO)
        if self.pattern and self.pattern.needle in command:
            verdict = self.pattern.judge(pid, _proc.words(command))
        if verdict.fit is Fit.NO and not (cookie and cookie.token == self.token):
            return None
        stat = _proc.stat(pid)
        if stat is None or stat.state in _proc.DEAD:
            return None
        return Found(ProcessId(self.boot_id, pid, stat.start_ticks), stat, verdict, cookie)

    def _by_cookie(self, ours: list[Found], findings: Findings) -> None:
        """Its own pid is in the cookie: this is what a keeper started."""
        mains = [f for f in ours if f.cookie and f.cookie.main == f.pid]
        if mains:
            newest = max(mains, key=lambda f: f.process.start_ticks)
            findings.target = newest.process
            findings.generation = newest.cookie.generation if newest.cookie else 0

    def _by_match(self, found: list[Found], findings: Findings) -> None:
        fits = [f for f in found if f.verdict.fit in (Fit.YES, Fit.WRAPPER) and not self._mere_worker(f)]
        strong = _uppermost([f for f in fits if f.verdict.fit is Fit.YES] or fits)
        known = [f for f in strong if self.past.adopted and f.process == self.past.adopted.process]
        strong = known or self._not_below_a_copy(strong, found)  # who was adopted stays it, whoever joins
        foreign = [f for f in strong if self._foreign(f)]
        free = [f for f in strong if f not in foreign]
        altered = self._altered(found, strong)
        almost = [f for f in found if f.verdict.fit is Fit.ALMOST and not self._foreign(f)]
        findings.candidates += [(f.process, f.verdict.reason) for f in almost]
        findings.candidates += [
            (f.process, LEFT_OVER if f.process in self.left else ANOTHERS) for f in foreign
        ]
        findings.candidates += [(f.process, f.verdict.reason) for f in altered]
        findings.blocking = bool(strong or altered)
        if len(free) == 1 and not foreign and (not self.ask or self._ours(free[0])):
            findings.target = free[0].process
            cookie = free[0].cookie
            findings.generation = cookie.generation if cookie else 0
            findings.by_match = cookie is None and free[0].verdict.fit is Fit.YES
        elif free:
            reason = (
                "a person must confirm it first (`adopt: ask`)" if self.ask else f"{len(free)} look alike"
            )
            findings.candidates += [(f.process, reason) for f in free]

    def _not_below_a_copy(self, strong: list[Found], found: list[Found]) -> list[Found]:
        """A copy with other arguments (`--reload`) may run what looks just like the target as its worker."""
        above = {
            f.pid for f in found if f.verdict.fit is Fit.ALTERED and not f.verdict.wraps and not f.cookie
        }
        return [f for f in strong if f.stat.parent not in above]

    def _altered(self, found: list[Found], strong: list[Found]) -> list[Found]:
        """Copies with other arguments. What has a cookie was started by a keeper, or by what that started;
        what is below another copy is its worker; what ran beside the last target does not replace it."""
        copies = [
            f
            for f in found
            if f.verdict.fit is Fit.ALTERED
            and (f.cookie is None or f.process in self.left)
            and f.process not in self.others
            and f.process.start_ticks >= self.past.beside
        ]
        real = [f for f in copies if not f.verdict.wraps] or copies
        above = {f.pid for f in (*strong, *real)} | {other.pid for other in self.others}
        return [f for f in real if f.stat.parent not in above]

    def _by_lock(self, ours: list[Found], findings: Findings) -> None:
        """A target that went to the background while it had no keeper: it holds the lock, or has our cookie
        in a session of its own."""
        away = [f.process for f in ours if not self._left_over(f)]
        holders = away or [
            process
            for pid in _locks.holders(self.lock)
            if (process := _proc.identify(pid, self.boot_id)) and not is_keeper(pid)
        ]
        if holders:
            findings.target = min(holders, key=lambda process: process.start_ticks)
            cookie = _proc.cookie(findings.target.pid)
            findings.generation = cookie.generation if cookie else 0

    def _ours(self, found: Found) -> bool:
        return found.cookie is not None and found.cookie.token == self.token

    def _foreign(self, found: Found) -> bool:
        if found.cookie:
            return found.cookie.token != self.token
        return found.process in self.others

    def _left_over(self, found: Found) -> bool:
        return found.cookie is not None and found.stat.session == found.cookie.main

    def _adopted_worker(self, found: Found) -> bool:
        """A survivor of a target that somebody else had started, and that has ended."""
        adopted = self.past.adopted
        if adopted is None or found.cookie or not found.verdict.alike or found.process in self.others:
            return False
        return adopted.left(found.process, found.stat) and not _proc.alive(adopted.process, self.boot_id)

    def _mere_worker(self, found: Found) -> bool:
        """A forked worker of a dead target has its command line, but is not it. What a wrapper ran is, unless
        opsbot has made the wrapper end: then it is still to follow."""
        if not (found.cookie and self.pattern and self._ours(found) and self._left_over(found)):
            return False
        return not self.pattern.wrapped or found.cookie.main == self.past.stopped


def _uppermost(found: list[Found]) -> list[Found]:
    """Without those whose parent is among them."""
    pids = {f.pid for f in found}
    return [f for f in found if f.stat.parent not in pids]


def command_of(pid: int) -> bytes:
    """The command line, also of a process that is just becoming another program."""
    return _proc.command_line(pid) or _just_now(pid)


def is_keeper(pid: int) -> bool:
    """Whether a pid is a keeper's, or a child of one on its way to be a target."""
    return _KEEPER in _proc.command_line(pid)


def _just_now(pid: int) -> bytes:
    """In the midst of exec a process has a program file, but no command line yet: that moment passes."""
    for _ in range(EXEC_TRIES):
        if not _proc.executable(pid):  # a kernel thread, or gone
            return b""
        if command := _proc.command_line(pid):
            return command
        time.sleep(EXEC_PAUSE_SECONDS)
    return b""
