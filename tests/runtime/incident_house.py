"""A whole opsbot in virtual time whose state directory is real: what is killed and built anew goes on from
its files, and what stands in Discord outlives it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar, cast

from opsbot.domain.actor import Actor, ActorKind
from opsbot.domain.change import Change
from opsbot.domain.incident import Incident
from opsbot.domain.levels import Outcome, Priority
from opsbot.domain.maintenance import Window
from opsbot.domain.notice import Audience, Chain, Receipt, Telling
from opsbot.domain.policy import IncidentPolicy
from opsbot.domain.sample import Observation
from opsbot.domain.target import Target
from opsbot.draw.payload import Payload
from opsbot.engine.draft import Effect
from opsbot.engine.state import State
from opsbot.notifiers._transport import PORT
from opsbot.notifiers.base import NotifierContext
from opsbot.notifiers.discord import Options, build
from opsbot.runtime.core import Runtime
from opsbot.runtime.memory_parts import MemoryParts
from opsbot.runtime.parts import Parts
from opsbot.runtime.restore import restore
from opsbot.stores.attachments import FOLDER, Attachments
from opsbot.stores.base import StateStore
from opsbot.stores.sqlite_state import STATE_NAME, SqliteState
from opsbot.testing.clock import VirtualClock
from opsbot.testing.metrics import MemoryMetrics
from opsbot.testing.notifier import FakeDiscord, RecordingNotifier
from tests.runtime.patient import Patient, PatientClock, PatientThreads

T = TypeVar("T")

CHANNEL, ROLE = 5, 77
OLGA = Actor(ActorKind.DISCORD, "1", "Olga")
OTTO = Actor(ActorKind.DISCORD, "2", "Otto")


def seldom(target: Target) -> Target:
    """The same, looked at each five seconds: enough for stories of hours."""
    return replace(target, checks=tuple(replace(spec, interval=5.0) for spec in target.checks))


@dataclass
class Channel(FakeDiscord):
    """Discord, and when what came to it: (seconds since boot, channel or thread, what). `hangs`: it takes
    messages and answers nothing."""

    hangs: bool = False

    posts: list[tuple[float, int, Payload]] = field(default_factory=list)
    edits: list[tuple[float, int]] = field(default_factory=list)

    async def send(self, channel_id: int, payload: Payload) -> int:
        await asyncio.sleep(0)
        before = self._count()
        message = await FakeDiscord.send(self, channel_id, payload)
        if self._count() > before:
            self.posts.append((self._seconds(), channel_id, payload))
        if self.hangs:
            await asyncio.Event().wait()
        await asyncio.sleep(0)  # the answer is under way
        return message

    async def edit(self, channel_id: int, message_id: int, payload: Payload) -> None:
        await asyncio.sleep(0)
        await FakeDiscord.edit(self, channel_id, message_id, payload)
        await asyncio.sleep(0)
        self.edits.append((self._seconds(), message_id))

    def _count(self) -> int:
        return len(self.messages) + sum(map(len, self.threads.values()))

    def _seconds(self) -> float:
        assert self.clock is not None
        return round(self.clock.now().mono, 1)

    @property
    def pings(self) -> list[float]:
        """When somebody was pinged."""
        return [at for at, _, payload in self.posts if payload.roles]

    @property
    def said(self) -> list[tuple[float, str]]:
        """What was posted in the channel itself, and when."""
        return [(at, payload.content or "") for at, channel, payload in self.posts if channel == CHANNEL]

    def standing(self) -> list[str]:
        """What the channel shows from top to bottom: the title and the text of each message."""
        shown = [m.shown for m in self.messages.values()]
        return [
            f"{e.title}\n{e.description}" if (e := next(iter(p.embeds), None)) else p.content or ""
            for p in shown
        ]

    def thread_text(self) -> str:
        """All that stands in threads."""
        return "\n".join(m.first.content or "" for posts in self.threads.values() for m in posts)

    def files(self) -> list[str]:
        """Names of the files in threads."""
        posts = [m.first for found in self.threads.values() for m in found]
        return [file.name for post in posts for file in post.files]


@dataclass
class Pager(RecordingNotifier):
    """Somebody in reserve, and when they were told."""

    clock: VirtualClock = field(default_factory=VirtualClock)
    at: list[float] = field(default_factory=list)

    async def deliver(self, telling: Telling) -> Receipt:
        self.at.append(round(self.clock.now().mono, 1))
        return await RecordingNotifier.deliver(self, telling)


@dataclass
class Looks:
    """Sees of a target what the house says."""

    house: House
    target: str

    async def look(self) -> Observation:
        return self.house.seen.get(self.target, Observation(Outcome.OK, "running", {"process_up": 1.0}))

    async def close(self) -> None:
        pass


@dataclass
class House:
    """What outlives opsbot, and the opsbot that runs. `seen`: what is seen of targets that are not well."""

    folder: Path
    targets: Sequence[Target]
    policy: IncidentPolicy = field(default_factory=IncidentPolicy)
    chain: Chain = field(default_factory=Chain)
    windows: tuple[Window, ...] = ()
    clock: PatientClock = field(default_factory=PatientClock)
    seen: dict[str, Observation] = field(default_factory=dict)
    kills: int = 0
    commits: int = 0
    decided: asyncio.Event = field(default_factory=asyncio.Event)
    channel: Channel = field(init=False)
    pager: Pager = field(init=False)
    state: State = field(init=False)
    store: StateStore = field(init=False)
    runtime: Runtime = field(init=False)
    _task: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.channel = Channel(clock=self.clock)
        self.pager = Pager("pager", clock=self.clock)

    @asynccontextmanager
    async def opsbot(self) -> AsyncIterator[House]:
        """opsbot runs; it may be thrown away and built anew meanwhile."""
        asyncio.get_running_loop().set_default_executor(PatientThreads(self.clock))
        await self.start()
        await self.clock.settle()
        try:
            yield self
        finally:
            await self.stop()

    async def start(self) -> None:
        """A new one, from its state directory."""
        self.store = cast(StateStore, Patient(SqliteState(self.folder / STATE_NAME, self.clock), self.clock))
        reserve = {name: Audience(reserve=True) for name in self.chain.reserve}
        self.state = State.of(self.targets, {"ops": Audience(edits=True), **reserve}, self.chain)
        self.state.policy, self.state.windows = self.policy, self.windows
        restore(self.state, await self.store.load())
        context = NotifierContext(
            "ops", self.clock, {PORT: self.channel}, self.folder / FOLDER, self.store.timeline
        )
        ops = build(Options(channel_id=CHANNEL, role_ids=(ROLE,)), context)
        self.runtime = Runtime(
            Parts(
                state=self.state,
                store=self.store,
                metrics=MemoryMetrics(),
                clock=self.clock,
                subjects={},
                notifiers={"ops": ops, **dict.fromkeys(reserve, self.pager)},
                sections={},
                memory=MemoryParts(Priority.P2, Attachments(self.folder)),
            )
        )
        for one in self.targets:
            for spec in one.checks:
                self.runtime.add_check(one.name, spec, Looks(self, one.name))
        self.runtime.pipeline.listen(self._decided)
        self._task = asyncio.create_task(self.runtime.run())

    async def stop(self) -> None:
        """It ends wherever it is."""
        if self._task is not None:
            if self._task.done():
                await self._task
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            await self.store.close()
        self._task = None

    async def anew(self, reboot: float = 0.0, dead: float = 0.01) -> None:
        """It ends, wherever it is; another one begins after so long, or when the machine has started anew."""
        self.clock.begins()
        await self.stop()
        self.kills += 1
        if reboot:
            self.clock.reboots(reboot)
        else:
            self.clock.passes(dead)
        await self.start()
        self.clock.ends()

    async def dooms(self, commits: Mapping[int, int]) -> None:
        """Ends it in the midst of what follows from these commits, each after so many turns of the event
        loop, and builds it anew; until cancelled."""
        while True:
            await self.decided.wait()
            self.decided.clear()
            if self.commits in commits:
                for _ in range(commits[self.commits]):
                    await asyncio.sleep(0)
                await self.anew()

    def _decided(self, changes: Sequence[Change], _: Sequence[Effect]) -> None:
        if changes:
            self.commits += 1
            self.decided.set()

    async def asked(self, question: Coroutine[Any, Any, T]) -> T:
        """The answer to what somebody asks of opsbot."""
        asking = asyncio.ensure_future(question)
        await self.clock.settle()
        return await asking

    async def until(self, true: Callable[[], object], most: float = 7200.0) -> int:
        """Lets time pass until something is so; after how many seconds it was."""
        for seconds in range(round(most)):
            if true():
                return seconds
            await self.clock.advance(1.0)
        raise AssertionError("it did not happen in time")

    def breaks(self, *names: str, **metrics: float) -> None:
        """From now on these are down."""
        found = Observation(Outcome.FAIL, "not running", {"process_up": 0.0, **metrics})
        self.seen |= dict.fromkeys(names, found)

    def works(self, *names: str) -> None:
        """From now on these are well."""
        for name in names:
            self.seen.pop(name, None)

    async def incidents(self) -> dict[int, Incident]:
        """All that the file has, as they are."""
        return {one.id: one for one in await self.store.incidents(10_000)}

    async def lines(self, number: int) -> list[str]:
        """An incident's timeline as the file has it."""
        return [entry.text for entry in await self.store.timeline(number)]
