"""One incident over several lives of opsbot: its timeline grows, and deliveries go wrong in every way."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from opsbot.domain.incident import TIMELINE_SHOWN, Entry, EntryKind, Incident
from opsbot.domain.levels import IncidentState
from opsbot.domain.notice import Notice, NoticeKind, Receipt, Telling
from opsbot.draw.payload import Payload
from opsbot.draw.thread import timeline_line
from opsbot.errors import DeliveryError
from opsbot.notifiers.base import Notifier
from opsbot.testing import VirtualClock
from opsbot.testing.notifier import FakeDiscord
from tests.draw.samples import sample_incident
from tests.notifiers.rigs import build

CHANNEL = 5


@dataclass
class Mortal(FakeDiscord):
    """`left`: after so many requests more opsbot is killed, before it asks for another; below 0: never."""

    left: int = -1

    def _request(self) -> None:
        if self.left == 0:
            raise asyncio.CancelledError
        self.left -= 1
        FakeDiscord._request(self)


@dataclass
class Story:
    """What the store has (`entries`, `receipt`), Discord, and the opsbot that runs."""

    folder: Path | None = None
    whole: bool = True  # the whole timeline can be asked for
    threads: bool = True
    clock: VirtualClock = field(default_factory=VirtualClock)
    entries: list[Entry] = field(default_factory=list)
    receipt: Receipt | None = None
    incident: Incident = field(default_factory=sample_incident)
    rows: list[Notice] = field(default_factory=list)
    row: int = 0

    def __post_init__(self) -> None:
        self.discord = Mortal(clock=self.clock)
        self.incident = replace(self.incident, opened=self.clock.now(), timeline=())
        self.notifier = self.born()
        self.note("killed by SIGKILL")

    def born(self) -> Notifier:
        """A new opsbot, as after kill -9."""
        timeline = self.timeline if self.whole else None
        options = {"channel_id": CHANNEL, "role_ids": [77], "threads": self.threads}
        self.notifier = build(
            "discord", options, self.discord, self.clock, attachments=self.folder, timeline=timeline
        )
        return self.notifier

    async def timeline(self, number: int) -> list[Entry]:
        assert number == self.incident.id
        return list(self.entries)

    def note(self, *texts: str, file: str = "") -> None:
        """New lines; the file goes with the last."""
        for text in texts:
            self.entries.append(Entry(self.clock.now(), EntryKind.SEEN, text))
        if file:
            self.entries[-1] = replace(self.entries[-1], file=file)
        shown = tuple(self.entries[-TIMELINE_SHOWN:])
        self.incident = replace(self.incident, timeline=shown, lines=len(self.entries))

    def resolve(self) -> None:
        self.incident = replace(
            self.incident, state=IncidentState.RESOLVED, resolved_at=self.clock.now(), doing=""
        )
        self.note("resolved: calm")

    def telling(self, kind: NoticeKind) -> Telling:
        """What the outbox makes of one row more: those that wait collapse into the loudest."""
        now = self.clock.now()
        self.rows.append(Notice(1 + self.row, "ops", self.incident.id, kind, now, now))
        self.row += 1
        loudest = max(self.rows, key=lambda row: row.kind.loudness)
        return Telling(loudest, self.incident, self.receipt)

    async def tell(self, kind: NoticeKind = NoticeKind.CHANGED) -> Receipt:
        """One delivery, recorded."""
        return await self.deliver(self.telling(kind))

    async def deliver(self, told: Telling) -> Receipt:
        receipt = await self.notifier.deliver(told)
        assert receipt is not None
        self.receipt = receipt
        self.rows.clear()
        return receipt

    async def settle(self) -> None:
        """Deliveries as the outbox makes them, until nothing is owed."""
        for _ in range(200):
            try:
                if not (await self.tell()).owes:
                    return
            except DeliveryError:
                pass
            await self.clock.advance(5.0)
        raise AssertionError("owed for ever")

    async def killed_after(self, requests: int, told: Telling) -> None:
        """A delivery in which opsbot is killed when Discord has done so many things, and knows of none of
        the last."""
        self.discord.left = requests
        with suppress(asyncio.CancelledError, DeliveryError):
            await self.notifier.deliver(told)
        self.discord.left = -1
        await self.clock.advance(60.0)
        self.born()

    # ------------------------------------------------------------ looking

    @property
    def thread(self) -> int:
        """The one thread that there is."""
        (only,) = self.discord.threads
        return only

    def posts(self) -> list[Payload]:
        return [message.first for message in self.discord.threads[self.thread]]

    def lines(self) -> list[str]:
        """What stands in the thread, without what opsbot itself says about the lines."""
        texts = [line for post in self.posts() for line in (post.content or "").splitlines()]
        return [line for line in texts if not line.startswith("-#")]

    def wanted(self) -> list[str]:
        """The timeline, as it is to stand there."""
        return [timeline_line(entry) for entry in self.entries]

    def replies(self) -> list[Payload]:
        """Silent answers below the message."""
        return [m.first for m in self.discord.messages.values() if m.first.reply_to is not None]


def message_id(story: Story) -> int:
    """The message that shows the incident now."""
    assert story.receipt
    return int(story.receipt.place.split("/")[1])
