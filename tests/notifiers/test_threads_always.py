"""Whatever is lost, refused or killed, and when: each line stands in the one thread once, in order."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from opsbot.domain.notice import NoticeKind
from opsbot.errors import DeliveryError
from tests.notifiers.thread_story import Story

OPENED, CHANGED, RESOLVED, ESCALATED = (
    NoticeKind.OPENED,
    NoticeKind.CHANGED,
    NoticeKind.RESOLVED,
    NoticeKind.ESCALATED,
)
ODD = DeliveryError("Discord has a problem of its own (HTTP 500)", permanent=False)
BUSY = DeliveryError(
    "Discord's rate limit holds the message back", permanent=False, place=True, retry_after=7.0
)


def check(story: Story, files: int = 0) -> None:
    assert story.lines() == story.wanted()
    assert sum(len(post.files) for post in story.posts()) == files
    assert story.replies() == [] or not any(reply.files for reply in story.replies())


@pytest.mark.parametrize("nonces", [True, False], ids=["within minutes", "later"])
@pytest.mark.parametrize("requests", range(4))
async def test_a_kill_at_each_step_of_the_first_delivery(requests: int, nonces: bool) -> None:
    story = Story()
    story.discord.knows_nonces = nonces
    await story.killed_after(requests, story.telling(OPENED))
    story.note("more")
    await story.settle()
    assert len(story.discord.messages) == 1
    check(story)


@pytest.mark.parametrize("kind", [CHANGED, ESCALATED, RESOLVED])
@pytest.mark.parametrize("requests", range(6))
async def test_a_kill_at_each_step_of_a_later_delivery(
    requests: int, kind: NoticeKind, tmp_path: Path
) -> None:
    (tmp_path / "x.zip").write_bytes(b"x")
    story = Story(folder=tmp_path)
    story.discord.knows_nonces = False
    await story.tell(OPENED)
    story.note("a", "b", file="x.zip")
    story.note("c")
    if kind is RESOLVED:
        story.resolve()
    await story.killed_after(requests, story.telling(kind))
    await story.settle()
    check(story, files=1)


@pytest.mark.parametrize("readable", [True, False], ids=["history", "only nonces"])
@pytest.mark.parametrize("lost", range(1, 4))
async def test_a_lost_answer_to_each_request(lost: int, readable: bool) -> None:
    story = Story()
    story.discord.shows_history, story.discord.knows_nonces = readable, not readable
    for _ in range(lost):
        story.discord.lose_answers = 1
        with suppress(DeliveryError):
            await story.deliver(replace(story.telling(OPENED)))
        story.discord.lose_answers = 0
        story.note("more")
        await story.clock.advance(61)
    await story.settle()
    check(story)


async def happens(story: Story, dice: random.Random) -> None:
    """One thing, by the dice."""
    match dice.randrange(8):
        case 0:
            story.note(*("x" * dice.choice([1, 900]) for _ in range(dice.choice([1, 3, 30]))))
        case 1:
            story.note("made", file="x.zip")
        case 2:
            story.discord.lose_answers = dice.randrange(3)
        case 3:
            story.discord.fails.extend(dice.choices([ODD, BUSY], k=dice.randrange(3)))
        case 4:
            await story.killed_after(dice.randrange(6), story.telling(dice.choice([CHANGED, ESCALATED])))
        case 5:
            await story.clock.advance(dice.choice([1.0, 5.0, 70.0, 700.0]))
        case 6:
            story.discord.no_thread = dice.choice([None, None, ODD])
        case _:
            with suppress(DeliveryError):
                await story.tell(dice.choice([OPENED, CHANGED, CHANGED, ESCALATED]))


@pytest.mark.parametrize("seed", range(60))
async def test_each_line_stands_there_once_whatever_happens(seed: int, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"x")
    dice = random.Random(seed)
    story = Story(folder=tmp_path)
    story.discord.knows_nonces = dice.random() < 0.5
    story.telling(OPENED)  # the first row waits
    for _ in range(dice.randrange(3, 40)):
        await happens(story, dice)
    story.discord.lose_answers, story.discord.no_thread = 0, None
    story.discord.fails.clear()
    await story.clock.advance(3700.0)
    story.resolve()
    await story.settle()
    check(story, files=sum(bool(entry.file) for entry in story.entries))
