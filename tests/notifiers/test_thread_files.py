"""Files that belong to lines of a timeline: with their line in the thread, or below the message."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from opsbot.domain.diagnostics import UPLOAD
from opsbot.domain.notice import NoticeKind, Receipt
from opsbot.errors import DeliveryError
from opsbot.notifiers._thread import CLOSED
from tests.notifiers.thread_story import CHANNEL, Story, message_id

OPENED = NoticeKind.OPENED
FORBIDDEN = DeliveryError("the bot may not write there (50013)", permanent=True, place=True)


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


async def test_a_file_that_is_too_big_is_said_to_be_and_where_it_is(tmp_path: Path) -> None:
    with (tmp_path / "big.zip").open("wb") as big:
        big.truncate(UPLOAD + 5 * 2**20)
    story = Story(folder=tmp_path)
    story.note("bundle made", file="big.zip")
    await story.tell(OPENED)
    said = story.posts()[1].content or ""
    assert "📎 big.zip: it has 15 MB, and Discord takes 10 MB" in said
    assert "it is in the folder “attachments” of opsbot's state directory" in said


@pytest.mark.parametrize(
    "why", [DeliveryError("413", permanent=True), FORBIDDEN], ids=["too large there", "no permission"]
)
async def test_a_file_that_discord_refuses_leaves_its_line(why: DeliveryError, filed: Story) -> None:
    filed.discord.no_file = why
    filed.note("bundle made", file="bundle.zip")
    assert not (await filed.tell(OPENED)).owes
    said = filed.posts()[1].content or ""
    assert "Discord takes no file here, or not this one; it is in the folder" in said
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
