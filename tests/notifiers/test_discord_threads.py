"""An incident's thread: the whole timeline, each line once, and never in the way of the message."""

from __future__ import annotations

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from opsbot.domain.notice import NoticeKind, Receipt
from opsbot.errors import DeliveryError
from opsbot.notifiers._thread import CLOSED
from tests.draw.samples import sample_incident
from tests.notifiers.thread_story import CHANNEL, Story, message_id

OPENED, CHANGED, RESOLVED, ESCALATED = (
    NoticeKind.OPENED,
    NoticeKind.CHANGED,
    NoticeKind.RESOLVED,
    NoticeKind.ESCALATED,
)
FORBIDDEN = DeliveryError("the bot may not write there (50013)", permanent=True, place=True)
FULL = DeliveryError("Discord refused the message: 160006", permanent=True)
ODD = DeliveryError("Discord has a problem of its own (HTTP 500)", permanent=False)


@pytest.fixture
def story() -> Story:
    return Story()


# ---------------------------------------------------------------- the usual way


async def test_the_timeline_stands_in_a_thread_of_the_message(story: Story) -> None:
    await story.tell(OPENED)
    assert story.thread == message_id(story)
    assert story.discord.names[story.thread] == "#12 · summarybot · Bot process is not running"
    assert story.lines() == story.wanted()


async def test_what_is_new_is_one_silent_post_that_mentions_nobody(story: Story) -> None:
    await story.tell(OPENED)
    story.note("restarting", "it runs again")
    await story.tell()
    first, second = story.posts()
    assert second.silent
    assert first.roles == second.roles == ()
    assert (second.content or "").endswith("-# lines 2–3")
    assert story.lines() == story.wanted()


async def test_nothing_is_posted_when_no_line_is_new(story: Story) -> None:
    await story.tell(OPENED)
    asked = story.discord.requests
    await story.tell()
    assert story.discord.requests == asked


async def test_at_the_end_there_is_a_last_line_and_nothing_else(story: Story) -> None:
    await story.tell(OPENED)
    story.resolve()
    await story.tell(RESOLVED)
    assert len(story.posts()) == 2
    assert story.lines() == story.wanted()
    story.incident = sample_incident(number=12)
    story.note("fires again")
    await story.tell()
    assert story.lines() == story.wanted()


async def test_a_long_silence_is_made_up_for_from_the_store(story: Story) -> None:
    await story.tell(OPENED)
    story.note(*(f"line {number} {'x' * 400}" for number in range(100)))
    await story.settle()
    assert story.lines() == story.wanted()
    assert all(len(post.content or "") <= 2000 for post in story.posts())


async def test_of_an_incident_from_before_lines_were_counted_the_newest_are_told(story: Story) -> None:
    story.note(*map(str, range(50)))
    story.incident = replace(story.incident, lines=0)
    await story.settle()
    assert story.lines() == story.wanted()[-20:]


async def test_without_the_store_it_says_how_many_lines_are_missing() -> None:
    story = Story(whole=False)
    await story.tell(OPENED)
    story.note(*map(str, range(50)))
    await story.tell()
    assert "-# … 30 earlier lines: see `/incidents show`" in (story.posts()[1].content or "")
    assert len(story.lines()) == 21


async def test_while_others_wait_the_alarm_is_told_and_the_thread_is_owed(story: Story) -> None:
    receipt = await story.deliver(replace(story.telling(OPENED), busy=lambda: True))
    assert receipt.owes
    assert not story.discord.threads
    assert not (await story.tell()).owes
    assert story.lines() == story.wanted()


async def test_a_drill_makes_no_thread(story: Story) -> None:
    story.incident = replace(story.incident, id=-5)
    assert not (await story.tell(OPENED)).owes
    assert not story.discord.threads


async def test_a_receipt_of_before_there_were_threads_gets_one(story: Story) -> None:
    await story.tell(OPENED)
    story.discord.delete_thread(story.thread)
    story.discord.gone.clear()
    story.receipt = Receipt("ops", 12, f"{CHANNEL}/{message_id(story)}")
    story.born()
    await story.tell()
    assert story.lines() == story.wanted()


# ---------------------------------------------------------------- newer messages


async def test_a_newer_message_links_to_the_thread_of_the_first(story: Story) -> None:
    await story.tell(OPENED)
    first = message_id(story)
    story.note("nobody has acknowledged")
    await story.tell(ESCALATED)
    assert message_id(story) != first
    newer = story.discord.messages[message_id(story)].first
    assert f"<#{first}>" in newer.embeds[0].description
    assert story.thread == first
    assert story.lines() == story.wanted()


async def test_when_somebody_deletes_the_message_its_thread_goes_on(story: Story) -> None:
    await story.tell(OPENED)
    first = message_id(story)
    story.discord.delete(first)
    story.note("more")
    await story.tell()
    assert message_id(story) != first
    assert story.thread == first
    assert f"<#{first}>" in story.discord.messages[message_id(story)].first.embeds[0].description
    assert story.lines() == story.wanted()


async def test_a_first_message_without_a_thread_gets_it_though_a_newer_one_is_there(story: Story) -> None:
    story.discord.no_thread = ODD
    await story.tell(OPENED)
    first = message_id(story)
    story.discord.no_thread = None
    await story.clock.advance(60)
    await story.tell(ESCALATED)
    assert story.thread == first


# ---------------------------------------------------------------- no thread


@pytest.mark.parametrize("why", [FORBIDDEN, FULL], ids=["permission", "too many"])
async def test_where_no_thread_can_be_made_the_message_serves_and_it_is_said_once(
    why: DeliveryError, story: Story
) -> None:
    story.discord.no_thread = why
    with capture_logs() as logs:
        receipt = await story.tell(OPENED)
        story.note("more")
        receipt = await story.tell()
    assert not receipt.owes
    shown = story.discord.messages[message_id(story)].shown.embeds[0]
    assert any(field.name == "What happened" and "more" in field.value for field in shown.fields)
    assert [entry["reason"] for entry in logs] == [str(why)]
    assert "Create Public Threads" in logs[0]["remedy"]


async def test_after_an_hour_a_thread_is_tried_again_and_has_all_lines(story: Story) -> None:
    story.discord.no_thread = FORBIDDEN
    await story.tell(OPENED)
    story.discord.no_thread = None
    story.note("more")
    await story.tell()
    assert not story.discord.threads
    await story.clock.advance(CLOSED + 1)
    await story.tell()
    assert story.lines() == story.wanted()


async def test_the_next_incident_tries_it_at_once(story: Story) -> None:
    story.discord.no_thread = FORBIDDEN
    await story.tell(OPENED)
    story.discord.no_thread = None
    story.incident, story.receipt = replace(story.incident, id=13), None
    story.timeline = None  # type: ignore[assignment]
    await story.tell(OPENED)
    assert story.discord.names[story.thread].startswith("#13 ")


async def test_a_deleted_thread_is_made_anew_after_an_hour_for_what_is_new(story: Story) -> None:
    await story.tell(OPENED)
    story.discord.delete_thread(story.thread)
    story.note("nobody will read this in the thread")
    assert not (await story.tell()).owes
    await story.clock.advance(CLOSED + 1)
    story.discord.gone.clear()
    story.note("new")
    await story.tell()
    assert story.lines() == story.wanted()[1:]


async def test_trouble_that_passes_is_owed_and_the_message_stands(story: Story) -> None:
    story.discord.no_thread = ODD
    receipt = await story.tell(OPENED)
    assert receipt.owes
    assert len(story.discord.messages) == 1
    story.discord.no_thread = None
    await story.settle()
    assert story.lines() == story.wanted()


async def test_trouble_that_lasts_for_an_hour_is_owed_no_more(story: Story) -> None:
    story.discord.no_thread = ODD
    while (await story.tell(CHANGED)).owes:
        await story.clock.advance(30)
    assert story.clock.now().mono < 2 * CLOSED
    assert story.discord.requests < 150


async def test_words_that_discord_refuses_are_said_to_be_missing_and_stop_nothing(story: Story) -> None:
    await story.tell(OPENED)
    story.discord.forbidden = "naughty"
    story.note("naughty")
    await story.tell()
    story.note("harmless")
    assert not (await story.tell()).owes
    _, refused, after = story.posts()
    assert "Discord refuses the text of these lines" in (refused.content or "")
    assert "harmless" in (after.content or "")


async def test_with_threads_off_there_are_none() -> None:
    story = Story(threads=False)
    await story.tell(OPENED)
    story.note("more")
    assert not (await story.tell()).owes
    assert not story.discord.threads
