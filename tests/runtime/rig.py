"""The whole runtime over doubles, in virtual time: real asyncio, no waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

from opsbot.diagnostics.equipment import Equipment
from opsbot.domain.action import Action, Step, StepName
from opsbot.domain.actor import Actor, ActorKind
from opsbot.domain.change import Change
from opsbot.domain.diagnostics import Investigation
from opsbot.domain.incident import Incident
from opsbot.domain.levels import Outcome
from opsbot.domain.notice import Audience
from opsbot.domain.process import ProcessId
from opsbot.domain.rule import RestartPolicy
from opsbot.domain.sample import Observation, Sample
from opsbot.domain.target import Target
from opsbot.engine.state import State
from opsbot.notifiers.base import Notifier
from opsbot.probes.base import Probe
from opsbot.runtime.close_watch import CloseUp
from opsbot.runtime.core import Runtime
from opsbot.runtime.key_check import Keys
from opsbot.runtime.memory_parts import MemoryParts
from opsbot.runtime.parts import Parts
from opsbot.runtime.remediator import Subject
from opsbot.runtime.restore import restore
from opsbot.runtime.rotations import KeptLog
from opsbot.stores.base import StateKeeper, StateStore
from opsbot.supervisors.base import Supervisor
from opsbot.testing.clock import VirtualClock
from opsbot.testing.metrics import MemoryMetrics
from opsbot.testing.notifier import RecordingNotifier
from opsbot.testing.store import MemoryDisk, MemoryState
from opsbot.testing.supervisor import FakeHost, FakeSupervisor
from tests.engine.drive import target

NAME = "summarybot"
OLGA = Actor(ActorKind.DISCORD, "1", "Olga")
OTTO = Actor(ActorKind.DISCORD, "2", "Otto")
ALL = Audience()


@dataclass
class World:
    """What outlives opsbot: the machine, the stores, the clock. `healthy`: the target answers; but `sick`,
    a process, never does."""

    clock: VirtualClock = field(default_factory=VirtualClock)
    disk: MemoryDisk = field(default_factory=MemoryDisk)
    metrics: MemoryMetrics = field(default_factory=MemoryMetrics)
    healthy: bool = True
    sick: ProcessId | None = None
    host: FakeHost = field(init=False)

    def __post_init__(self) -> None:
        self.host = FakeHost(self.clock)


@dataclass
class ProcessCheck:
    """Sees the target as the runtime knows it."""

    runtime: Runtime

    async def look(self) -> Observation:
        up = self.runtime.processes.current(NAME) is not None
        outcome = Outcome.OK if up else Outcome.FAIL
        return Observation(outcome, "running" if up else "not running", {"process_up": float(up)})

    async def close(self) -> None:
        pass


@dataclass
class HealthCheck:
    """Answers while the target runs and is healthy."""

    world: World

    async def look(self) -> Observation:
        running = self.world.host.running
        fine = running is not None and self.world.healthy and running.process != self.world.sick
        return Observation(Outcome.OK, "HTTP 200") if fine else Observation(Outcome.FAIL, "HTTP 503")

    async def close(self) -> None:
        pass


@dataclass
class Rig:
    """One opsbot in a world."""

    world: World
    store: StateStore
    state: State
    runtime: Runtime

    @property
    def clock(self) -> VirtualClock:
        return self.world.clock

    @property
    def incident(self) -> Incident:
        return self.state.incidents[max(self.state.incidents)]

    async def until(self, true: Callable[[], bool], seconds: float = 120.0) -> None:
        """Lets time pass until something is so."""
        await self.clock.settle()
        for _ in range(round(seconds * 10)):
            if true():
                return
            await self.clock.advance(0.1)
        raise AssertionError("it did not happen in time")

    async def action_ends(self, action: int) -> Action:
        """The action when it has ended."""
        last: list[Action] = []

        async def follow() -> None:
            last.extend([seen async for seen in self.runtime.ops.follow(action)])

        following = asyncio.create_task(follow())
        await self.until(following.done)
        return last[-1]


async def build(
    world: World,
    policy: RestartPolicy | None = None,
    *,
    notifiers: Mapping[str, Notifier] | None = None,
    store: StateStore | None = None,
    keeper: StateKeeper | None = None,
    supervisor: Supervisor | None = None,
    ports: tuple[int, ...] = (),
    levels: Mapping[str, Audience] | None = None,
    rotation: KeptLog | None = None,
    probes: Sequence[Probe] | None = None,
    equipment: Equipment | None = None,
    adapt: Callable[[Target], Target] = lambda watched: watched,
    close_up: CloseUp | None = None,
    keys: Keys | None = None,
    memory: MemoryParts | None = None,
) -> Rig:
    """opsbot on one supervised target, its state loaded, not running yet. `probes`: the target lives on the
    network, and opsbot looks by these whether it is cut off itself. `equipment`: diagnostics are collected by
    themselves. `adapt`: changes what is watched."""
    store = store or keeper or MemoryState(world.clock, world.disk)
    notifiers = notifiers if notifiers is not None else {"ops": RecordingNotifier("ops")}
    watched = replace(
        target(policy), rotation=rotation.policy if rotation else None, networked=probes is not None
    )
    watched = adapt(replace(watched, investigation=Investigation() if equipment else None))
    state = State.of([watched], levels or dict.fromkeys(notifiers, ALL))
    restore(state, await store.load())
    rotator = rotation.rotator if rotation else None
    subject = Subject(supervisor or FakeSupervisor(world.host), watched.restart, ports, rotator)
    runtime = Runtime(
        Parts(
            state=state,
            store=store,
            metrics=world.metrics,
            clock=world.clock,
            subjects={NAME: subject},
            notifiers=notifiers,
            logs={NAME: rotation} if rotation else {},
            sections={(NAME, "process"): "Discord Bot Process", (NAME, "health"): "Webhook API"},
            keeper=keeper,
            probes=probes or (),
            equipment=equipment or Equipment(),
            close_up=close_up,
            keys=keys,
            memory=memory or MemoryParts(),
        )
    )
    _add_checks(runtime, watched, world)
    return Rig(world, store, state, runtime)


def _add_checks(runtime: Runtime, watched: Target, world: World) -> None:
    for spec in watched.checks:
        check = ProcessCheck(runtime) if spec.kind == "process" else HealthCheck(world)
        runtime.add_check(NAME, spec, check)


@asynccontextmanager
async def running(rig: Rig, *, settle: bool = True) -> AsyncIterator[Rig]:
    """The runtime works while the context lasts; what it died of comes out at its end."""
    before = asyncio.all_tasks()
    task = asyncio.create_task(rig.runtime.run())
    try:
        if settle:
            await rig.clock.settle()
        yield rig
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    await asyncio.sleep(0)
    left = {t for t in asyncio.all_tasks() - before if not t.done()}
    assert not left, f"left running: {left}"


def step_of(action: Action, name: StepName) -> Step:
    """An action's step of that name."""
    return next(step for step in action.steps if step.title == name)


def changes(rig: Rig) -> list[Change]:
    """All that was ever committed."""
    store = MemoryState(rig.clock, rig.world.disk)
    return [change for batch in store.batches for change in batch]


def sample(check: str, outcome: Outcome, clock: VirtualClock, **metrics: float) -> Sample:
    """A sample of the rig's target."""
    return Sample(NAME, check, clock.now(), outcome, "seen", metrics)
