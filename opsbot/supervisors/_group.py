"""What a target that was adopted leaves behind: that carries no cookie, so it must be told in another way.

A shell with job control gives each job a process group of its own; what a script starts shares the script's
group with whatever else the script starts. Only a group that is the target's alone proves anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from opsbot.domain.process import ProcessId
from opsbot.supervisors import _proc
from opsbot.supervisors._match import Verdict

Judge = Callable[[int], Verdict]
Stats = dict[int, _proc.Stat]


@dataclass(frozen=True, slots=True)
class Adoption:
    """A target that somebody else started, as it was at the last look.

    `own`: in its group was nobody but itself and what it had started, so nobody else can come into it.
    `leader_ticks`: start of the group's leader, 0 when that had gone. `workers`: its descendants that look
    like it.
    """

    process: ProcessId
    group: int
    session: int
    leader_ticks: int
    own: bool
    workers: tuple[ProcessId, ...] = ()

    def left(self, process: ProcessId, stat: _proc.Stat) -> bool:
        """Whether a process is one that the target started. The number of a group is not used anew while it
        has members: a leader that was not there before leads another group."""
        if process in self.workers:
            return True
        if not self.own or (stat.group, stat.session) != (self.group, self.session):
            return False
        leader = _proc.stat(self.group)
        return leader is None or leader.start_ticks == self.leader_ticks


def adoption(process: ProcessId, judge: Judge) -> Adoption | None:
    """Looks at all processes once; None when this one has gone."""
    stats = {pid: stat for pid in _proc.pids() if (stat := _proc.stat(pid)) and stat.state not in _proc.DEAD}
    itself = stats.get(process.pid)
    if itself is None or itself.start_ticks != process.start_ticks:
        return None
    top = _outermost(itself, stats, judge)
    members = [stat for stat in stats.values() if stat.group == itself.group]
    below = [stat for stat in stats.values() if stat.pid != itself.pid and _descends(stat, itself, stats)]
    leader = _proc.stat(itself.group)
    return Adoption(
        process=process,
        group=itself.group,
        session=itself.session,
        leader_ticks=leader.start_ticks if leader else 0,
        own=itself.group == top.pid or all(_descends(stat, top, stats) for stat in members),
        workers=tuple(
            ProcessId(process.boot_id, stat.pid, stat.start_ticks) for stat in below if judge(stat.pid).alike
        ),
    )


def _outermost(itself: _proc.Stat, stats: Stats, judge: Judge) -> _proc.Stat:
    """The target, or the wrapper around it, which belongs to it."""
    while (above := stats.get(itself.parent)) and above.group == itself.group and judge(above.pid).wraps:
        itself = above
    return itself


def _descends(stat: _proc.Stat, ancestor: _proc.Stat, stats: Stats) -> bool:
    seen: _proc.Stat | None = stat
    for _ in range(len(stats)):  # pids may have been used anew between two reads: no chain is endless
        if seen is None or seen.pid == ancestor.pid:
            return seen is not None
        seen = stats.get(seen.parent)
    return False
