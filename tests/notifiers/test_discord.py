"""The bot's own channel: one message an incident, whatever happens in between."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsbot.domain.levels import IncidentState, Priority
from opsbot.domain.notice import NoticeKind, Receipt
from opsbot.errors import DeliveryError, UsageError
from opsbot.notifiers.base import Notifier
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


@pytest.fixture
def discord() -> FakeDiscord:
    return FakeDiscord()


@pytest.fixture
def notifier(discord: FakeDiscord) -> Notifier:
    return build("discord", {"channel_id": 5, "role_ids": [77]}, discord)


async def opened(notifier: Notifier) -> Receipt:
    receipt = await notifier.deliver(telling())
    assert receipt
    return receipt


def message(discord: FakeDiscord, receipt: Receipt | None) -> FakeMessage:
    assert receipt
    return discord.messages[int(receipt.place.split("/")[1])]


async def test_going_down_pings_and_carries_the_buttons(notifier: Notifier, discord: FakeDiscord) -> None:
    sent = message(discord, await opened(notifier)).first
    assert sent.content
    assert sent.content.startswith("<@&77> ")
    assert sent.roles == (77,)
    assert not sent.silent
    assert sent.nonce.startswith("opsbot-1-")
    assert [len(row) for row in sent.rows] == [4, 3]


async def test_a_minor_incident_wakes_nobody(notifier: Notifier, discord: FakeDiscord) -> None:
    minor = replace(sample_incident(), priority=Priority.P4)
    sent = message(discord, await notifier.deliver(telling(incident=minor))).first
    assert sent.roles == ()
    assert "<@&" not in (sent.content or "")


async def test_an_edit_leaves_the_line_that_pinged_as_it_is(notifier: Notifier, discord: FakeDiscord) -> None:
    receipt = await opened(notifier)
    again = await notifier.deliver(telling(CHANGED, TAKEN, receipt, number=2))
    assert again == receipt
    shown = message(discord, receipt).shown
    assert shown.content is None
    assert "acknowledged" in shown.embeds[0].title
    assert len(discord.messages) == 1


async def test_nothing_is_sent_when_nothing_that_is_shown_has_changed(
    notifier: Notifier, discord: FakeDiscord
) -> None:
    receipt = await opened(notifier)
    asked = discord.requests
    same = replace(sample_incident(), version=2)
    await notifier.deliver(telling(CHANGED, receipt=receipt, number=2, incident=same))
    assert discord.requests == asked


async def test_recovery_is_an_edit_and_a_silent_answer(notifier: Notifier, discord: FakeDiscord) -> None:
    receipt = await opened(notifier)
    await notifier.deliver(telling(RESOLVED, OVER, receipt, number=2))
    first, reply = discord.messages.values()
    assert "resolved" in first.shown.embeds[0].title
    assert reply.first.silent
    assert reply.first.reply_to == first.id
    assert reply.first.roles == ()


async def test_escalation_is_a_new_message_and_the_old_one_points_to_it(
    notifier: Notifier, discord: FakeDiscord
) -> None:
    receipt = await opened(notifier)
    second = await notifier.deliver(telling(ESCALATED, OPEN, receipt, number=2))
    assert second != receipt
    assert message(discord, second).first.roles == (77,)
    assert "newer message" in message(discord, receipt).shown.embeds[0].description
    assert not message(discord, receipt).shown.rows


async def test_a_deleted_message_is_replaced_without_pinging_again(
    notifier: Notifier, discord: FakeDiscord
) -> None:
    receipt = await opened(notifier)
    discord.delete(message(discord, receipt).id)
    second = await notifier.deliver(telling(CHANGED, TAKEN, receipt, number=2))
    assert message(discord, second).first.silent
    assert message(discord, second).first.content is None


async def test_a_lost_answer_leaves_one_message(notifier: Notifier, discord: FakeDiscord) -> None:
    discord.lose_answers = 1
    with pytest.raises(DeliveryError):
        await notifier.deliver(telling())
    await notifier.deliver(telling())
    assert len(discord.messages) == 1


async def test_the_message_of_a_lost_answer_shows_what_became_of_the_incident(
    notifier: Notifier, discord: FakeDiscord
) -> None:
    discord.lose_answers = 1
    with pytest.raises(DeliveryError):
        await notifier.deliver(telling())
    receipt = await notifier.deliver(telling(OPENED, TAKEN))
    assert "acknowledged" in message(discord, receipt).shown.embeds[0].title


async def test_a_lost_answer_to_the_recovery_leaves_one_reply(
    notifier: Notifier, discord: FakeDiscord
) -> None:
    receipt = await opened(notifier)
    discord.lose_answers = 1
    with pytest.raises(DeliveryError):
        await notifier.deliver(telling(RESOLVED, OVER, receipt, number=2))
    await notifier.deliver(telling(RESOLVED, OVER, receipt, number=2))
    assert len(discord.messages) == 2


async def test_after_opsbots_restart_the_message_is_still_known(
    notifier: Notifier, discord: FakeDiscord
) -> None:
    receipt = await opened(notifier)
    restarted = build("discord", {"channel_id": 5}, discord)
    assert await restarted.deliver(telling(CHANGED, TAKEN, receipt, number=2)) == receipt
    assert len(discord.messages) == 1


async def test_a_receipt_that_cannot_be_read_means_a_new_message(
    notifier: Notifier, discord: FakeDiscord
) -> None:
    await notifier.deliver(telling(CHANGED, OPEN, Receipt("ops", 12, "nonsense"), number=2))
    assert len(discord.messages) == 1


async def test_a_tidying_that_fails_does_not_repeat_the_alarm(
    notifier: Notifier, discord: FakeDiscord
) -> None:
    receipt = await opened(notifier)
    discord.delete(message(discord, receipt).id)
    second = await notifier.deliver(telling(ESCALATED, OPEN, receipt, number=2))
    assert len(discord.messages) == 1
    assert message(discord, second).first.roles == (77,)


def test_without_the_bot_the_remedy_is_named() -> None:
    with pytest.raises(UsageError, match="OPSBOT_DISCORD_TOKEN"):
        build("discord", {"channel_id": 5})
