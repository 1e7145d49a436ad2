"""An hour in which Discord takes nothing, and what happens to two hundred incidents in it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

from opsbot.domain.actor import Actor, ActorKind
from opsbot.domain.levels import Outcome
from opsbot.domain.notice import Audience, Chain, Telling
from opsbot.domain.sample import Sample
from opsbot.draw.payload import Payload
from opsbot.engine.inputs import Acknowledge, Input, SampleSeen
from opsbot.engine.state import State
from opsbot.errors import DeliveryError
from opsbot.notifiers._transport import PORT, Page, Thread
from opsbot.notifiers.base import NotifierContext
from opsbot.notifiers.discord import Options, build
from opsbot.runtime.outbox import Outbox
from opsbot.runtime.pipeline import Pipeline
from opsbot.runtime.restore import restore
from opsbot.testing.clock import VirtualClock
from opsbot.testing.notifier import FakeDiscord, FakeMessage, RecordingNotifier
from opsbot.testing.store import MemoryDisk, MemoryState
from tests.engine.drive import target

TARGETS = 200
HOUR, SILENT = 3600.0, 300.0
CHAIN = Chain(("mail",), SILENT)
OLGA = Actor(ActorKind.DISCORD, "1", "Olga")


@dataclass
class Channel(FakeDiscord):
    """Discord, which may be out: nothing is taken. Every seventh post is taken, but not answered."""

    out: bool = False
    tries: int = 0
    posts: int = 0

    async def send(self, channel_id: int, payload: Payload) -> int:
        self._refuse()
        self.posts += 1
        self.lose_answers = int(self.posts % 7 == 0)
        await asyncio.sleep(0)
        return await FakeDiscord.send(self, channel_id, payload)

    async def edit(self, channel_id: int, message_id: int, payload: Payload) -> None:
        self._refuse()
        await FakeDiscord.edit(self, channel_id, message_id, payload)

    async def read(self, channel_id: int, after: int) -> Page:
        self._refuse()
        return await FakeDiscord.read(self, channel_id, after)

    async def open_thread(self, channel_id: int, message_id: int, name: str) -> Thread:
        self._refuse()
        return await FakeDiscord.open_thread(self, channel_id, message_id, name)

    def _refuse(self) -> None:
        self.tries += 1
        if self.out:
            raise DeliveryError("Discord was not reached: connection refused", permanent=False, place=True)

    def of(self, number: int) -> list[FakeMessage]:
        """The messages about one incident, as they stand."""
        sought = f"Incident #{number} ·"
        return [m for m in self.standing() if m.shown.embeds[0].footer.startswith(sought)]

    def standing(self) -> list[FakeMessage]:
        """The messages that show an incident, from top to bottom."""
        return [m for m in self.messages.values() if m.shown.embeds]

    def lines(self) -> dict[int, list[str]]:
        """What stands in each thread, line by line, by the incident."""
        found: dict[int, list[str]] = {}
        for thread, posts in self.threads.items():
            number = int(self.names[thread].partition(" ")[0].removeprefix("#"))
            texts = [line for post in posts for line in (post.first.content or "").splitlines()]
            found.setdefault(number, []).extend(line for line in texts if not line.startswith("-#"))
        return found

    def replies(self) -> list[FakeMessage]:
        return [m for m in self.messages.values() if not m.shown.embeds]

    def in_order(self) -> list[int]:
        """The incidents as the channel shows them from top to bottom."""
        footers = [m.shown.embeds[0].footer for m in self.standing()]
        return [int(found[1]) for footer in footers if (found := re.match(r"Incident #(\d+) ·", footer))]


@dataclass
class Hour:
    """What outlives opsbot: the clock, its disk, Discord's channel and a mailbox."""

    clock: VirtualClock = field(default_factory=VirtualClock)
    disk: MemoryDisk = field(default_factory=MemoryDisk)
    mail: RecordingNotifier = field(default_factory=lambda: RecordingNotifier("mail"))
    channel: Channel = field(init=False)
    state: State = field(init=False)
    pipeline: Pipeline = field(init=False)

    def __post_init__(self) -> None:
        self.channel = Channel(clock=self.clock)

    @asynccontextmanager
    async def opsbot(self) -> AsyncIterator[None]:
        """One opsbot, ended in the middle of whatever it does, as kill -9 would."""
        bot = target(supervised=False)
        audiences = {"ops": Audience(), "mail": Audience(reserve=True)}
        self.state = State.of([replace(bot, name=f"bot-{n}") for n in range(TARGETS)], audiences, CHAIN)
        store = MemoryState(self.clock, self.disk)
        restore(self.state, await store.load())
        self.pipeline = Pipeline(self.state, store, self.clock)
        context = NotifierContext("ops", self.clock, {PORT: self.channel}, timeline=store.timeline)
        ops = build(Options(channel_id=5), context)
        outbox = Outbox(self.state, store, {"ops": ops, "mail": self.mail}, self.clock, self.pipeline.ask)
        self.pipeline.listen(lambda changes, effects: outbox.wake())
        tasks = [asyncio.create_task(part.run()) for part in (self.pipeline, outbox)]
        try:
            await self.clock.settle()
            yield
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def give(self, given: Input) -> None:
        await self.pipeline.post(given)
        await self.clock.settle()

    async def see(self, number: int, outcome: Outcome, **metrics: float) -> None:
        now = self.clock.now()
        await self.give(SampleSeen(Sample(f"bot-{number}", "process", now, outcome, "seen", metrics)))

    async def happens(self, part: int) -> None:
        """A tenth of it: twenty services break, get worse; some are taken on, most recover."""
        numbers = range(part * TARGETS // 10, (part + 1) * TARGETS // 10)
        for number in numbers:
            await self.see(number, Outcome.FAIL)
            await self.clock.advance(HOUR / TARGETS / 2)
            await self.see(number, Outcome.FAIL, cpu_percent=99.0)
            incident = self.state.live(f"bot-{number}")
            assert incident is not None
            if number % 5 == 0:
                await self.give(Acknowledge(incident.id, OLGA, "mine"))
            if number % 10 != 9:
                await self.clock.advance(HOUR / TARGETS / 2)
                await self.see(number, Outcome.OK, cpu_percent=1.0)
                await self.see(number, Outcome.OK, cpu_percent=1.0)

    async def all_told(self, seconds: float = 1800.0) -> None:
        """Lets time pass until nothing waits to be told."""
        for _ in range(round(seconds / 5.0)):
            if not self.state.notices:
                return
            await self.clock.advance(5.0)
        raise AssertionError(f"still waiting: {list(self.state.notices.values())[:3]}")


def first_told(told: list[Telling]) -> dict[int, float]:
    """When each incident was told first, after it opened, in seconds."""
    found: dict[int, float] = {}
    for telling in told:
        found.setdefault(telling.incident.id, telling.notice.created.since(telling.incident.opened))
    return found
