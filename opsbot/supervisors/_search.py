"""The search through all processes: which one is the target, which are left over, which only look like it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field

from opsbot.domain.process import ProcessId
from opsbot.supervisors import _locks, _proc
from opsbot.supervisors._keeper import ENTRY
from opsbot.supervisors._match import Fit, Pattern, Verdict

EXEC_TRIES = 10
EXEC_PAUSE_SECONDS = 0.001
_KEEPER = os.fsencode(ENTRY)


@dataclass(frozen=True, slots=True)
class Found:
    """A live process that concerns the target."""

    process: ProcessId
    parent: int
    session: int
    verdict: Verdict
    cookie: _proc.Cookie | None

    @property
    def pid(self) -> int:
        return self.process.pid


@dataclass(slots=True)
class Findings:
    """`target`: the one that is it; `generation`: what it was started for (0: by somebody else).

    `leftovers`: survivors of an earlier target's group, all with our cookie. `candidates`: look like it;
    `blocking`: one of them may be the target, so that a start could make a second copy.
    """

    target: ProcessId | None = None
    generation: int = 0
    leftovers: list[ProcessId] = field(default_factory=list)
    candidates: list[tuple[ProcessId, str]] = field(default_factory=list)
    blocking: bool = False


@dataclass(frozen=True, slots=True)
class Search:
    """`pattern`: None when copies by hand are none of ours (`adopt: never`); `ask`: a person must say so
    first. `lock`: the file that the target holds. `strangers`: never looked at (opsbot itself)."""

    boot_id: str
    token: str
    lock: str
    pattern: Pattern | None
    ask: bool = False
    strangers: frozenset[int] = frozenset()

    def run(self, *, ended_known: bool) -> Findings:
        """Looks at every process once. `ended_known`: a keeper saw the last target end, so that what
        survives in a session of its own is no target that went to the background."""
        found = [seen for pid in _proc.pids() if (seen := self._look(pid))]
        findings = Findings()
        ours = [f for f in found if f.cookie and f.cookie.token == self.token]
        self._by_cookie(ours, findings)
        if not findings.target:
            self._by_match(found, findings)
        if not findings.target and not ended_known:
            self._by_lock(ours, findings)
        if findings.target:
            findings.candidates.clear()
            findings.blocking = False
        findings.leftovers = [f.process for f in ours if self._left_over(f) and f.process != findings.target]
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
        process = ProcessId(self.boot_id, pid, stat.start_ticks)
        return Found(process, stat.parent, stat.session, verdict, cookie)

    def _by_cookie(self, ours: list[Found], findings: Findings) -> None:
        """Its own pid is in the cookie: this is what a keeper started."""
        mains = [f for f in ours if f.cookie and f.cookie.main == f.pid]
        if mains:
            newest = max(mains, key=lambda f: f.process.start_ticks)
            findings.target = newest.process
            findings.generation = newest.cookie.generation if newest.cookie else 0

    def _by_match(self, found: list[Found], findings: Findings) -> None:
        fits = [f for f in found if f.verdict.fit in (Fit.YES, Fit.WRAPPER) and not self._mere_worker(f)]
        strong = [f for f in fits if f.verdict.fit is Fit.YES] or fits
        strong = [f for f in strong if f.parent not in {other.pid for other in strong}]
        foreign = [f for f in strong if f.cookie and f.cookie.token != self.token]
        free = [f for f in strong if f not in foreign]
        findings.candidates += [(f.process, f.verdict.reason) for f in found if f.verdict.fit is Fit.ALMOST]
        findings.candidates += [
            (f.process, "it belongs to another target or another opsbot") for f in foreign
        ]
        findings.blocking = bool(strong)
        if len(free) == 1 and not foreign and (not self.ask or self._ours(free[0])):
            findings.target = free[0].process
            cookie = free[0].cookie
            findings.generation = cookie.generation if cookie else 0
        elif free:
            reason = (
                "a person must confirm it first (`adopt: ask`)" if self.ask else f"{len(free)} look alike"
            )
            findings.candidates += [(f.process, reason) for f in free]

    def _by_lock(self, ours: list[Found], findings: Findings) -> None:
        """A target that went to the background while it had no keeper: it holds the lock, or has our cookie
        in a session of its own."""
        away = [f.process for f in ours if not self._left_over(f)]
        holders = away or [
            process
            for pid in _locks.holders(self.lock)
            if (process := _proc.identify(pid, self.boot_id)) and ENTRY not in _proc.argv(pid)
        ]
        if holders:
            findings.target = min(holders, key=lambda process: process.start_ticks)
            cookie = _proc.cookie(findings.target.pid)
            findings.generation = cookie.generation if cookie else 0

    def _ours(self, found: Found) -> bool:
        return found.cookie is not None and found.cookie.token == self.token

    def _left_over(self, found: Found) -> bool:
        return found.cookie is not None and found.session == found.cookie.main

    def _mere_worker(self, found: Found) -> bool:
        """A forked worker of a dead target has its command line, but is not it; what a wrapper ran is."""
        return (
            self.pattern is not None
            and not self.pattern.wrapped
            and self._ours(found)
            and self._left_over(found)
        )


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
