"""Does what was decided about a service: brings a target to its desired state, step by step.

Everything here may be cut off at any point (kill -9): the desired state with its generation is durable
before the first step, so a successor looks at what is there and finishes. A process of the wanted generation
is never started a second time.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from opsbot.clock import Clock
from opsbot.domain.action import STEPS, Action, StepName
from opsbot.domain.actor import ActorKind
from opsbot.domain.levels import Outcome
from opsbot.domain.process import Exit, Running
from opsbot.domain.rule import ActionKind, RestartPolicy
from opsbot.domain.sample import Sample
from opsbot.errors import RotationError, SupervisorError
from opsbot.logs.tail import tail
from opsbot.rotation.base import Rotator
from opsbot.runtime.processes import Processes
from opsbot.runtime.steps import StepBoard, StepFailed
from opsbot.runtime.waiting import put_away, within
from opsbot.supervisors.base import Supervisor

BACKUP_PATIENCE = 2.0
"""Seconds that a restart waits for the back-up of the log; a link takes none."""

VERIFY_EVERY = 0.2
"""Seconds between two looks while waiting for a started target to answer."""

SETTLE = 1.0
"""Seconds that a target without any other check must live to count as started."""

LAST_LINES = 20
"""Log lines that the report of a failure carries (faults.md)."""

VERIFIED_BY = ("http", "port")
"""Kinds of checks that must be satisfied before a start counts as done."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What the remediator must know of a target: its supervisor, its policy, the ports it listens on and what
    keeps its log. `log`: the file that the target writes itself, beside its output."""

    supervisor: Supervisor
    policy: RestartPolicy
    ports: tuple[int, ...] = ()
    rotator: Rotator | None = None
    log: Path | None = None


@dataclass(slots=True)
class Remediator:
    """Does starts, stops and restarts; at most one per target, which the guard sees to."""

    subjects: Mapping[str, Subject]
    processes: Processes
    clock: Clock
    look: Callable[[str, tuple[str, ...]], Awaitable[list[Sample]]]

    async def work(self, board: StepBoard, resumed: bool) -> str:
        """See `actions.Worker`."""
        return await self._reach(board, self.subjects[board.action.target], resumed)

    async def last_lines(self, target: str) -> list[str]:
        """What the target wrote last: to its output, after what it wrote to its own log."""
        subject = self.subjects[target]
        lines = await subject.supervisor.tail(LAST_LINES)
        if subject.log is not None and len(lines) < LAST_LINES:
            lines = [*await asyncio.to_thread(tail, subject.log, LAST_LINES - len(lines)), *lines]
        return lines

    async def _reach(self, board: StepBoard, subject: Subject, resumed: bool) -> str:
        action = board.action
        began = self.clock.now()
        running, killed, ran = await self._there(subject, action, resumed), "", False
        if running is not None and running.generation == action.generation:
            for name in STEPS[ActionKind.RESTART][:-1]:
                board.skip(name, "done before the interruption")
            self.processes.started(action.target, running)
        elif action.kind is ActionKind.START and running is not None:
            board.skip(StepName.PORT, "it runs already")
            running, ran = await self._start(board, subject), True
        else:
            if action.kind is ActionKind.RESTART:
                await self._back_up(board, subject)
            killed = await self._stop(board, subject, running)
            if action.kind is ActionKind.STOP and running is None:
                return "did not run, and stays stopped until somebody starts it"
            if action.kind is ActionKind.STOP:
                return f"stopped in {self.clock.now().since(began):.1f} s{killed}"
            await self._check_port(board, subject)
            running = await self._start(board, subject)
        answer = await self._verify(board, subject, running)
        took = f"{self.clock.now().since(began):.1f} s"
        done = f"started in {took}" if action.kind is ActionKind.START else f"restarted in {took}"
        return f"{'ran already' if ran else done}, pid {running.process.pid}, {answer}{killed}"

    async def _there(self, subject: Subject, action: Action, resumed: bool) -> Running | None:
        """The target's process as it is now. After a crash nothing is searched for (the supervisor itself
        looks once more, just before it starts anything); what a person wants is meant for what is there."""
        known = self.processes.running(action.target)
        if resumed or (known is None and action.actor.kind is not ActorKind.AUTO):
            return (await subject.supervisor.find()).running
        return known

    async def _back_up(self, board: StepBoard, subject: Subject) -> None:
        """A back-up that fails or hangs is told, and keeps no service down."""
        if subject.rotator is None:
            board.skip(StepName.BACKUP, "no log is configured")
            return
        try:
            with board.step(StepName.BACKUP) as say:
                say(await within(subject.rotator.backup(), self.clock, BACKUP_PATIENCE))
        except TimeoutError:
            board.skip(StepName.BACKUP, f"not done within {BACKUP_PATIENCE:g} s: its disk is slow")
        except (RotationError, OSError) as error:
            board.skip(StepName.BACKUP, f"not done: {error}")

    async def _stop(self, board: StepBoard, subject: Subject, running: Running | None) -> str:
        """Returns what must be told of it, as a clause: empty unless it had to be killed."""
        if running is None:
            if board.action.kind is ActionKind.STOP:
                await subject.supervisor.forestall()
            board.skip(StepName.TERM, "it does not run")
            board.skip(StepName.KILL, "it does not run")
            return ""
        with board.step(StepName.TERM) as say:
            ended = await subject.supervisor.stop(running, subject.policy.stop_timeout)
            say(str(ended))
        if not (ended.asked and ended.signal == signal.SIGKILL):
            board.skip(StepName.KILL, "not needed")
            return ""
        why = f"it did not stop within {subject.policy.stop_timeout:g} s"
        with board.step(StepName.KILL) as say:
            say(why)
        return f"; it had to be killed, for {why}"

    async def _check_port(self, board: StepBoard, subject: Subject) -> None:
        with board.step(StepName.PORT) as say:
            said = [await self._free_port(board.action.target, subject, port) for port in subject.ports]
            say(", ".join(said) or "no port configured")

    async def _free_port(self, target: str, subject: Subject, port: int) -> str:
        """What is left of the target itself is ended; a foreign holder is named and left alone."""
        holder = await subject.supervisor.port_holder(port)
        if holder is None:
            return f"{port} is free"
        if holder.ours:
            await subject.supervisor.sweep(subject.ports)
            left = await subject.supervisor.port_holder(port)
            if left is None:
                return f"{port} was held by a leftover of its own ({holder}), which was ended"
            holder = left
        if holder.ours:
            raise StepFailed(
                f"port {port} is held by a leftover of its own that could not be ended: {holder}"
            )
        if why := dict(self.processes.lookalikes(target)).get(holder.pid):
            raise SupervisorError(
                f"port {port} is held by what looks like this target: take it with /adopt or `opsbot adopt`, "
                f"or stop it ({holder}: {why})",
                permanent=True,
            )
        raise StepFailed(
            f"port {port} is held by another program, which was left alone: {holder}. Stop it, or give the "
            f"target another port"
        )

    async def _start(self, board: StepBoard, subject: Subject) -> Running:
        with board.step(StepName.START) as say:
            running = await subject.supervisor.start(board.action.generation)
            say(f"pid {running.process.pid}" + (", found running" if running.adopted else ""))
        self.processes.started(board.action.target, running)
        return running

    async def _verify(self, board: StepBoard, subject: Subject, running: Running) -> str:
        with board.step(StepName.VERIFY) as say:
            death = asyncio.ensure_future(subject.supervisor.wait_exit(running))
            try:
                answer = await self._until_healthy(board.action.target, subject, death)
            finally:
                await put_away(death)
            say(answer)
        return answer

    async def _until_healthy(self, target: str, subject: Subject, death: asyncio.Future[Exit]) -> str:
        began = self.clock.now()
        while True:
            samples = await self.look(target, VERIFIED_BY)
            if death.done():
                raise StepFailed(f"it {death.result()} right after the start")
            waited = self.clock.now().since(began)
            bad = [s for s in samples if s.outcome.bad]
            new = all(s.at.mono >= began.mono for s in samples)  # a look joined may have seen the one before
            if not bad and new and (samples or waited >= SETTLE):
                return _health_text(samples)
            if waited >= subject.policy.start_timeout:
                why = f": {bad[0].check}: {bad[0].detail}" if bad else ""
                raise StepFailed(f"it runs, but is not healthy after {waited:.0f} s{why}")
            await self.clock.sleep(VERIFY_EVERY)


def _health_text(samples: list[Sample]) -> str:
    if any(s.outcome is Outcome.DEGRADED for s in samples):
        return "healthy, with warnings"
    return "healthy" if samples else "alive"
