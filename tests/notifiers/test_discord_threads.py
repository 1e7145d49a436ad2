"""An incident's thread: the whole timeline, each line once, and never in the way of the message."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from opsbot.domain.notice import NoticeKind, Receipt
from opsbot.errors import DeliveryError
from opsbot.notifiers._files import LARGEST
from opsbot.notifiers._thread import CLOSED
from tests.draw.samples import sample_incident
from tests.notifiers.thread_story import CHANNEL, Story

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


def message_id(story: Story) -> int:
    assert story.receipt
    return int(story.receipt.place.split("/")[1])


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


async def test_without_the_store_it_says_how_many_lines_are_missing() -> None:
    story = Story(whole=False)
    await story.tell(OPENED)
    story.note(*map(str, range(50)))
    await story.tell()
    assert "-# … 30 earlier lines: see `/incidents show`" in (story.posts()[1].content or "")
    assert len(story.lines()) == 21


async def test_while_others_wait_the_alarm_is_told_and_the_thread_is_owed(story: Story) -> None:
    receipt = await story.deliver(replace(story.telling(OPENED), busy=True))
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


# ---------------------------------------------------------------- files


@pytest.fixture
def filed(tmp_path: Path) -> Story:
    (tmp_path / "bundle.zip").write_bytes(b"zipped")
    return Story(folder=tmp_path)


async def test_a_file_comes_with_its_line(filed: Story) -> None:
    filed.note("bundle made", file="bundle.zip")
    filed.note("more")
    await filed.tell(OPENED)
    (post,) = [post for post in filed.posts() if post.files]
    assert [(file.name, file.content) for file in post.files] == [("bundle.zip", b"zipped")]
    assert "bundle made" in (post.content or "")
    assert filed.lines() == filed.wanted()


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "a/b", ".", "..", ".hidden", "link", "gone.zip", "folder"]
)
async def test_what_is_no_file_of_the_folder_is_said_and_never_sent(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "attachments"
    (folder / "folder").mkdir(parents=True)
    (tmp_path / "secret").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / ".hidden").write_text("half")
    story = Story(folder=folder)
    story.note("bundle made", file=name)
    await story.tell(OPENED)
    assert not any(post.files for post in story.posts())
    assert "📎" in (story.posts()[1].content or "")
    assert story.lines() == story.wanted()


async def test_a_file_that_is_too_big_is_said_to_be(tmp_path: Path) -> None:
    with (tmp_path / "big.zip").open("wb") as big:
        big.truncate(LARGEST + 1)
    story = Story(folder=tmp_path)
    story.note("bundle made", file="big.zip")
    await story.tell(OPENED)
    assert "larger than the 10 MiB" in (story.posts()[1].content or "")


@pytest.mark.parametrize(
    "why", [DeliveryError("413", permanent=True), FORBIDDEN], ids=["too large there", "no permission"]
)
async def test_a_file_that_discord_refuses_leaves_its_line(why: DeliveryError, filed: Story) -> None:
    filed.discord.no_file = why
    filed.note("bundle made", file="bundle.zip")
    assert not (await filed.tell(OPENED)).owes
    assert "Discord takes no file here" in (filed.posts()[1].content or "")
    assert filed.lines() == filed.wanted()


async def test_where_there_is_no_thread_the_file_is_a_silent_reply_to_the_message(filed: Story) -> None:
    filed.discord.no_thread = FORBIDDEN
    filed.note("bundle made", file="bundle.zip")
    await filed.settle()
    (reply,) = filed.replies()
    assert reply.files
    assert reply.silent
    assert reply.reply_to == message_id(filed)
    assert "bundle made" in (reply.content or "")


async def test_what_went_into_the_channel_is_not_uploaded_again_when_there_is_a_thread(filed: Story) -> None:
    filed.discord.no_thread = FORBIDDEN
    filed.note("bundle made", file="bundle.zip")
    await filed.settle()
    filed.discord.no_thread = None
    await filed.clock.advance(CLOSED + 1)
    filed.born()
    await filed.settle()
    assert filed.lines() == filed.wanted()
    assert not any(post.files for post in filed.posts())


@pytest.mark.parametrize("killed", [False, True], ids=["the same opsbot", "its successor"])
async def test_a_reply_whose_answer_was_lost_is_not_repeated(killed: bool, filed: Story) -> None:
    filed.discord.no_thread, filed.discord.knows_nonces = FORBIDDEN, False
    await filed.tell(OPENED)
    filed.note("bundle made", file="bundle.zip")
    await filed.clock.advance(1)
    filed.incident = replace(filed.incident)
    await filed.tell()  # shows the new line in the message, and sends the file
    assert len(filed.replies()) == 1
    filed.receipt = Receipt("ops", 12, f"{CHANNEL}/{message_id(filed)}")  # as if that was never recorded
    if killed:
        await filed.clock.advance(600)
        filed.born()
    await filed.settle()
    assert len(filed.replies()) == 1
