"""Supervisor `process`: a command under a keeper of its own, found again after everything.

How a process is told from others, and why there is never a second one, is in docs/supervisors.md.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from opsbot.domain.process import Exit, Holder, ProcessId, Running
from opsbot.errors import SupervisorError
from opsbot.logs.tail import tail
from opsbot.supervisors import _ports, _proc
from opsbot.supervisors._endings import Endings
from opsbot.supervisors._finder import Finder, Sight
from opsbot.supervisors._keepers import Keepers
from opsbot.supervisors._launch import Launch, launch, log_file, resolve_user
from opsbot.supervisors._log_file import prepare_log
from opsbot.supervisors._options import Adopt, Limits, Match, Options
from opsbot.supervisors._orders import drain_orders, refusal, start_orders
from opsbot.supervisors._pidfd import Grip, first_ended
from opsbot.supervisors._records import Identity, Records
from opsbot.supervisors._search import is_keeper
from opsbot.supervisors._stopping import sweep, terminate
from opsbot.supervisors.base import Look, Supervisor, SupervisorContext

__all__ = ["Adopt", "Limits", "Match", "Options", "ProcessSupervisor", "build"]

START_SECONDS = 5.0
"""So long a start that meets another one looks again, `PAUSE_SECONDS` apart."""

PAUSE_SECONDS = 0.02
OLD_KEEPER_SECONDS = 0.5
"""So long the last target's keeper may take to write out what is left; then the next start goes before."""

SWEEP_SECONDS = 2.0
"""So long what was left behind may take to end by itself when it is swept away."""


def build(options: Options, context: SupervisorContext) -> Supervisor:
    """The registry's entry."""
    return ProcessSupervisor(options, context)


class ProcessSupervisor:
    """Starts, finds and stops one target."""

    def __init__(self, options: Options, context: SupervisorContext) -> None:
        self._options, self._context = options, context
        self._boot_id = context.clock.boot_id
        self._records = Records(context.directory.absolute())
        self._finder = Finder(options, self._records, context.clock)
        self._endings = Endings(self._records, context.clock)
        self._keepers = Keepers(standby=options.standby)
        self._stop_signal = signal.Signals[options.stop_signal]
        self._started: ProcessId | None = None

    @property
    def log(self) -> Path:
        """The file that the target's output is appended to."""
        return log_file(self._options) or self._records.output

    async def find(self) -> Look:
        self._records.prepare()
        sight = await self._look()
        if sight.running:
            sight = replace(sight, running=await self._relieve(sight.running))
        self._keepers.make_ready()
        candidates = tuple(sight.findings.candidates)
        return Look(running=sight.running, last_exit=await self._endings.last(), candidates=candidates)

    async def start(self, generation: int) -> Running:
        self._records.prepare()
        loop = asyncio.get_running_loop()
        ends = loop.time() + START_SECONDS
        while loop.time() < ends:
            running = await self._start_once(generation)
            if running:
                self._keepers.make_ready()
                return running
            await asyncio.sleep(PAUSE_SECONDS)
        raise SupervisorError("Another opsbot is starting this target just now, and does not get done.")

    async def adopt(self, process: ProcessId) -> Running:
        self._records.prepare()
        sight = await self._look()
        if sight.running and sight.running.process != process:
            raise SupervisorError(
                f"The target runs already, as pid {sight.running.process.pid}.", permanent=True
            )
        if not _proc.alive(process, self._boot_id):
            raise SupervisorError(f"pid {process.pid} does not run any more.", permanent=True)
        if await asyncio.to_thread(self._finder.anothers, process):
            raise SupervisorError(f"pid {process.pid} is another target's of this opsbot.", permanent=True)
        if not sight.running:
            await self._take(process, sight)
        return self._finder.running(process, self._records.identity())

    async def stop(self, running: Running, grace: float) -> Exit:
        keeper, used = self._keeper(running), None
        ends = asyncio.get_running_loop().time() + grace
        if not keeper.pid:
            await self._finder.note(running.process)
        grip = Grip.take(running.process, self._boot_id)
        if grip:
            with grip:
                self._records.ask(running.process, self._context.clock.now())
                used = await terminate(grip, self._stop_signal, grace)
        exit_ = await self._endings.of(running.process, keeper)
        if used == signal.SIGKILL and not exit_.known:
            exit_ = replace(exit_, signal=used)
        await self._sweep_after(ends - asyncio.get_running_loop().time())
        self._keepers.reap()
        return exit_

    async def forestall(self) -> None:
        return  # nobody else starts it

    async def wait_exit(self, running: Running) -> Exit:
        keeper = self._keeper(running)
        grip = Grip.take(running.process, self._boot_id)
        if grip:
            with grip:
                await self._ended(grip, running, keeper)
        exit_ = await self._endings.of(running.process, keeper)
        self._keepers.reap()
        return exit_

    async def tail(self, lines: int) -> list[str]:
        return await asyncio.to_thread(tail, self.log, lines)

    async def port_holder(self, port: int) -> Holder | None:
        return await asyncio.to_thread(_ports.holder, port, self._finder.belongs)

    async def sweep(self, ports: Sequence[int] = ()) -> int:
        sight = await self._finder.look()
        if sight.running:  # what bears the mark belongs to it
            return 0
        holding = await asyncio.to_thread(self._marked_holders, ports)
        left = {*sight.findings.leftovers, *holding}
        return await sweep(
            left, self._boot_id, self._finder.left_behind, number=self._stop_signal, grace=SWEEP_SECONDS
        )

    def own_log(self) -> Path | None:
        return self.log

    async def close(self) -> None:
        await self._keepers.close()

    async def _look(self) -> Sight:
        sight = await self._finder.look()
        if sight.running and sight.running.process == self._started:
            return replace(sight, running=replace(sight.running, adopted=False))
        return sight

    async def _start_once(self, generation: int) -> Running | None:
        """None when another one was met on the way: look again."""
        sight = await self._look()
        if sight.running:
            return sight.running
        if sight.findings.blocking:
            raise SupervisorError(_blocked(sight), permanent=True)
        plan = launch(self._options, self._context.hidden_env)
        prepare_log(self.log, plan.user, configured=self._options.log is not None)
        if await sweep(sight.findings.leftovers, self._boot_id, self._finder.left_behind):
            return None  # they may have started others meanwhile
        await self._old_keeper_gone(sight.seen)
        return await self._spawn(plan, generation, sight.seen)

    async def _take(self, process: ProcessId, sight: Sight) -> None:
        """Writes down that a candidate is the target."""
        if process not in [candidate for candidate, _ in sight.findings.candidates]:
            raise SupervisorError(f"pid {process.pid} does not look like this target.", permanent=True)
        await self._finder.note(process)
        await self._old_keeper_gone(sight.seen)
        if not self._records.adopt(process, _proc.argv(process.pid), sight.seen):
            raise SupervisorError(
                f"pid {process.pid} cannot be taken just now: another process is being started, or the disk "
                f"is full. Try again."
            )

    async def _spawn(self, plan: Launch, generation: int, seen: Identity | None) -> Running | None:
        orders = start_orders(
            plan,
            directory=self._records.directory,
            log=self.log,
            capped=self._options.log is None,
            token=self._records.token(),
            boot_id=self._boot_id,
            generation=generation,
            seen=seen,
        )
        answer = await self._keepers.give(orders)
        if answer is None or answer.get("stage") in ("locked", "orphaned"):
            return None
        if "stage" in answer:
            raise refusal(answer["stage"], answer["errno"], plan)
        self._started = ProcessId(self._boot_id, answer["pid"], answer["start_ticks"])
        now = self._context.clock.now()
        return Running(self._started, since=now, generation=generation, keeper_pid=answer["keeper_pid"])

    async def _old_keeper_gone(self, seen: Identity | None) -> None:
        grip = Grip.take(seen.keeper, self._boot_id) if seen and seen.keeper.pid else None
        if grip:
            with grip:
                await terminate(grip, signal.SIGCONT, OLD_KEEPER_SECONDS)  # unless halted, it ends by itself

    async def _ended(self, grip: Grip, running: Running, keeper: ProcessId) -> None:
        """Waits for the target; a keeper that dies before it is replaced meanwhile."""
        keeping = Grip.take(keeper, self._boot_id) if keeper.pid else None
        if keeping:
            with keeping:
                await first_ended(grip, keeping)
        if _proc.alive(running.process, self._boot_id):
            await self._relieve(running)
            await grip.ended()

    async def _relieve(self, running: Running) -> Running:
        """Has a new keeper read the output of a target whose keeper was killed, lest it wait for a reader;
        a keeper that was halted goes on."""
        seen, keeper = self._records.identity(), self._keeper(running)
        if grip := Grip.take(keeper, self._boot_id) if keeper.pid else None:
            with grip:
                grip.wake()
            return running
        if not seen or not seen.log or seen.process != running.process:
            return running
        orders = drain_orders(
            seen,
            directory=self._records.directory,
            capped=self._options.log is None,
            token=self._records.token(),
            user=resolve_user(self._options.user),
        )
        answer = await self._keepers.give(orders) or {}
        return replace(running, keeper_pid=answer.get("keeper_pid", 0))

    async def _sweep_after(self, grace: float) -> None:
        """What the target left of its group gets the same signal, and what is left of the grace."""
        left = (await self._finder.look()).findings.leftovers
        ours = self._finder.left_behind
        await sweep(left, self._boot_id, ours, number=self._stop_signal, grace=max(0.0, grace))

    def _marked_holders(self, ports: Sequence[int]) -> set[ProcessId]:
        """What holds a port and bears the target's mark, in whatever session."""
        pids = {pid for port in ports for pid in _ports.listeners(port) if self._finder.marked(pid)}
        found = (_proc.identify(pid, self._boot_id) for pid in pids if not is_keeper(pid))
        return {process for process in found if process and process.pid != os.getpid()}

    def _keeper(self, running: Running) -> ProcessId:
        return self._finder.keeper(running.process, self._records.identity())


def _blocked(sight: Sight) -> str:
    found = "; ".join(f"pid {process.pid}: {reason}" for process, reason in sight.findings.candidates)
    return (
        f"Not started, for it may run already ({found}): stop it, confirm it with /adopt or `opsbot adopt`, "
        f"or set `adopt: never` if such processes are none of this target's."
    )
