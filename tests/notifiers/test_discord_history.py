"""An answer is lost and Discord has forgotten the nonce: what stands in the channel is found, not doubled."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsbot.domain.levels import IncidentState
from opsbot.domain.notice import NoticeKind, Receipt, Telling
from opsbot.errors import DeliveryError
from opsbot.notifiers._history import FRESH
from opsbot.notifiers.base import Notifier
from opsbot.testing import VirtualClock
from opsbot.testing.notifier import FakeDiscord, FakeMessage
from tests.draw.samples import sample_incident, telling
from tests.notifiers.rigs import build

OPENED, CHANGED, RESOLVED, ESCALATED = (
    NoticeKind.OPENED,
    NoticeKind.CHANGED,
    NoticeKind.RESOLVED,
    NoticeKind.ESCALATED,
)
OPEN, TAKEN, OVER = IncidentState.OPEN, IncidentState.ACKNOWLEDGED, IncidentState.RESOLVED
ROW = telling().notice.created


class Story:
    """One channel over several lives of opsbot. Discord knows no nonce: its few minutes are always over."""

    def __init__(self) -> None:
        self.clock = VirtualClock(ROW.mono, ROW.wall)
        self.discord = FakeDiscord(clock=self.clock, knows_nonces=False)
        self.notifier = self.born()

    def born(self) -> Notifier:
        return build("discord", {"channel_id": 5, "role_ids": [77]}, self.discord, self.clock)

    async def killed(self, after: float = 3600.0) -> None:
        """opsbot dies, and its successor starts so much later."""
        await self.clock.advance(after)
        self.notifier = self.born()

    async def lost(self, told: Telling) -> None:
        """The message arrives, its answer does not."""
        self.discord.lose_answers = 1
        with pytest.raises(DeliveryError):
            await self.notifier.deliver(told)
        assert not self.discord.lose_answers

    async def told(self, told: Telling) -> Receipt:
        receipt = await self.notifier.deliver(told)
        assert receipt
        return receipt

    def messages(self) -> list[FakeMessage]:
        return list(self.discord.messages.values())

    def at(self, receipt: Receipt) -> FakeMessage:
        return self.discord.messages[int(receipt.place.split("/")[1])]


@pytest.fixture
def story() -> Story:
    return Story()


@pytest.mark.parametrize("killed", [False, True], ids=["the same opsbot", "its successor"])
async def test_an_alarm_is_found_an_hour_later_and_shows_what_became_of_it(
    killed: bool, story: Story
) -> None:
    await story.lost(telling())
    await (story.killed() if killed else story.clock.advance(3600))
    receipt = await story.told(telling(OPENED, TAKEN))
    (only,) = story.messages()
    assert story.at(receipt) is only
    assert "acknowledged" in only.shown.embeds[0].title
    assert only.shown.content is None, "the line that pinged stays"


@pytest.mark.parametrize("killed", [False, True], ids=["the same opsbot", "its successor"])
async def test_an_escalation_is_found_and_not_mistaken_for_what_stood_before(
    killed: bool, story: Story
) -> None:
    first = await story.told(telling())
    await story.clock.advance(5)
    await story.lost(telling(ESCALATED, OPEN, first, number=2))
    await (story.killed() if killed else story.clock.advance(3600))
    second = await story.told(telling(ESCALATED, OPEN, first, number=2))
    assert second != first
    assert len(story.messages()) == 2
    assert "newer message" in story.at(first).shown.embeds[0].description


@pytest.mark.parametrize("killed", [False, True], ids=["the same opsbot", "its successor"])
async def test_an_escalation_that_is_over_meanwhile_is_ended_where_it_stands(
    killed: bool, story: Story
) -> None:
    first = await story.told(telling())
    await story.clock.advance(5)
    await story.lost(telling(ESCALATED, OPEN, first, number=2))
    await (story.killed() if killed else story.clock.advance(3600))
    second = await story.told(telling(ESCALATED, OVER, first, number=2))
    _, alarm, reply = story.messages()
    assert story.at(second) is alarm
    assert "resolved" in alarm.shown.embeds[0].title
    assert reply.first.reply_to == alarm.id


async def test_an_escalation_that_never_arrived_is_posted_though_the_old_message_has_its_marker(
    story: Story,
) -> None:
    first = await story.told(telling())
    await story.killed(60)
    second = await story.told(telling(ESCALATED, OPEN, first, number=2))
    assert second != first
    assert story.at(second).first.roles == (77,)


@pytest.mark.parametrize("killed", [False, True], ids=["the same opsbot", "its successor"])
async def test_the_reply_that_it_is_over_is_not_repeated(killed: bool, story: Story) -> None:
    receipt = await story.told(telling())
    over = telling(RESOLVED, OVER, receipt, number=2)
    await story.lost(over)
    await (story.killed() if killed else story.clock.advance(3600))
    assert await story.told(over) == receipt
    assert len(story.messages()) == 2


async def test_the_reply_that_another_incident_is_over_is_not_taken_for_it(story: Story) -> None:
    receipts = [await story.told(telling(number=n, incident=sample_incident(number=n))) for n in (12, 13)]
    await story.told(telling(RESOLVED, OVER, receipts[0], number=20, incident=sample_incident(OVER, 12)))
    await story.killed(60)
    await story.told(telling(RESOLVED, OVER, receipts[1], number=21, incident=sample_incident(OVER, 13)))
    replies = [m.first.reply_to for m in story.messages() if m.first.reply_to]
    assert replies == [int(receipt.place.split("/")[1]) for receipt in receipts]


@pytest.mark.parametrize("later", [0.0, 3600.0])
async def test_what_could_not_be_recorded_is_not_posted_again(later: float, story: Story) -> None:
    first = await story.told(telling())
    await story.clock.advance(later)
    assert await story.told(telling(OPENED, TAKEN)) == first
    over = telling(RESOLVED, OVER, first, number=2)
    await story.told(over)
    await story.clock.advance(later)
    await story.told(over)
    assert len(story.messages()) == 2


async def test_what_ends_twice_is_told_to_be_over_twice(story: Story) -> None:
    receipt = await story.told(telling())
    await story.told(telling(RESOLVED, OVER, receipt, number=2))
    await story.told(telling(CHANGED, OPEN, receipt, number=3))
    await story.told(telling(RESOLVED, OVER, receipt, number=4))
    assert len([m for m in story.messages() if m.first.reply_to]) == 2


async def test_what_happens_after_the_end_is_no_second_end(story: Story) -> None:
    receipt = await story.told(telling())
    await story.told(telling(RESOLVED, OVER, receipt, number=2))
    late = replace(sample_incident(OVER), doing="It runs again", version=5)
    await story.told(telling(CHANGED, receipt=receipt, number=3, incident=late))
    assert len(story.messages()) == 2


async def test_the_message_of_another_incident_is_not_taken_for_it(story: Story) -> None:
    await story.told(telling(number=1, incident=sample_incident(number=11)))
    await story.killed(60)
    await story.told(telling(number=2, incident=sample_incident(number=12)))
    assert len(story.messages()) == 2


async def test_a_found_message_that_somebody_deleted_is_replaced(story: Story) -> None:
    await story.lost(telling())
    await story.killed()
    await story.told(telling())
    (found,) = story.messages()
    story.discord.delete(found.id)
    await story.told(telling())
    assert len(story.messages()) == 1


@pytest.mark.parametrize("ahead", [600.0, -600.0])
async def test_a_clock_that_is_ten_minutes_wrong_hides_nothing(ahead: float, story: Story) -> None:
    story.discord.clock = VirtualClock(ROW.mono, ROW.wall - ahead)
    await story.lost(telling())
    await story.killed()
    await story.told(telling())
    assert len(story.messages()) == 1


async def test_without_the_permission_to_read_the_nonce_is_what_there_is(story: Story) -> None:
    story.discord.shows_history, story.discord.knows_nonces = False, True
    await story.lost(telling())
    await story.killed(60)
    receipt = await story.told(telling(OPENED, TAKEN))
    assert len(story.messages()) == 1
    assert "acknowledged" in story.at(receipt).shown.embeds[0].title


@pytest.mark.parametrize("newest_first", [False, True])
async def test_hundreds_that_wait_read_the_history_a_few_times_and_post_once_each(
    newest_first: bool, story: Story
) -> None:
    incidents = [sample_incident(number=number) for number in range(1, 201)]
    rows = [
        replace(telling(number=i.id, incident=i), notice=replace(telling(incident=i).notice, id=i.id))
        for i in incidents
    ]
    for number, row in enumerate(rows):
        created = ROW.after(number * 15.0)
        rows[number] = replace(row, notice=replace(row.notice, created=created))
        if number % 2:
            await story.lost(rows[number])
        await story.clock.advance(15.0)
    await story.killed()
    story.discord.reads, before = 0, story.discord.requests
    for row in reversed(rows) if newest_first else rows:
        await story.told(row)
    assert len(story.messages()) == 200
    assert story.discord.reads <= 12
    assert story.discord.requests - before <= 3 * 200 + story.discord.reads  # its thread, and a post there


async def test_a_reading_that_breaks_off_goes_on_where_it_was(story: Story) -> None:
    await story.lost(telling())
    for number in range(20, 270):  # three pages
        await story.told(telling(number=number, incident=sample_incident(number=number)))
    await story.killed()
    trouble = DeliveryError("503", permanent=False)
    story.discord.reads = 0
    for _ in range(2):
        story.discord.fails.extend([trouble])
        with pytest.raises(DeliveryError):
            await story.told(telling())
    await story.told(telling())
    assert len(story.messages()) == 251
    assert story.discord.reads == 3


async def test_what_was_read_holds_no_longer_than_the_nonces_do(story: Story) -> None:
    await story.killed(60)
    await story.told(telling(number=1, incident=sample_incident(number=1)))
    successor = story.notifier
    story.notifier = story.born()  # another process posts, and dies
    await story.lost(telling(number=2, incident=sample_incident(number=2)))
    story.notifier = successor
    await story.clock.advance(FRESH + 1)
    await story.told(telling(number=2, incident=sample_incident(number=2)))
    assert len(story.messages()) == 2
