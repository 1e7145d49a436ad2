"""opsbot and its worker are killed, or there are two: the log's lines are there, whole, at every moment."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil
import pytest

from opsbot.errors import RotationError
from opsbot.rotation._backup import backup
from tests.rotation.child import POINTS
from tests.rotation.yard import LONG, Child, Yard, eventually, gone, noise, workers

RANDOM_ROUNDS = 6


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    yard = Yard(tmp_path)
    yield yard
    yard.close()


def is_somewhere(yard: Yard, aside: Path, data: bytes) -> bool:
    """Whether the lines are there, whole, at this very moment."""
    return (aside.exists() and aside.read_bytes() == data) or yard.content() == [data]


@pytest.mark.parametrize("point", [*POINTS, "half is compressed"])
async def test_opsbot_killed_at_each_step_loses_and_doubles_nothing(yard: Yard, point: str) -> None:
    data = yard.write(noise(LONG if point == "half is compressed" else 500))
    await backup(yard.spec, yard.clock, appends=True)
    aside = yard.set_aside()
    child = yard.child("compress", aside.path, point=point)
    left = child.line()
    assert child.ended() == -signal.SIGKILL
    assert is_somewhere(yard, aside.path, data)
    assert all(content == data for content in yard.content())
    eventually(lambda: all(gone(pid) for pid in left))
    await yard.settled(data)


async def test_opsbot_or_its_worker_or_both_killed_at_random_moments(yard: Yard) -> None:
    data = yard.write(noise(20_000))
    aside = yard.set_aside()
    for _ in range(RANDOM_ROUNDS):
        child = yard.child("compress", aside.path)
        eventually(partial(working_or_over, child))
        await asyncio.sleep(random.uniform(0.0, 0.12))
        victims = [] if child.over() else random.choice([[], workers(child.pid)])
        for victim in victims:
            with suppress(psutil.NoSuchProcess):
                victim.kill()
        if not victims or random.random() < 0.5:
            child.process.kill()
        child.ended()
        assert is_somewhere(yard, aside.path, data)
        assert all(content == data for content in yard.content())
    await yard.settled(data)


def working_or_over(child: Child) -> bool:
    return child.over() or bool(workers(child.pid))


async def test_a_killed_worker_is_told_and_the_log_stays(
    yard: Yard, caplog: pytest.LogCaptureFixture
) -> None:
    data = yard.write(noise(LONG))
    aside = yard.set_aside()
    with pytest.raises(RotationError, match="ended by somebody"):
        await yard.compress(aside, kill_workers)
    assert caplog.messages == []  # asyncio knows its children
    assert yard.files() == [aside.path.name]
    await yard.settled(data)


def kill_workers(_: float) -> None:
    for worker in workers(os.getpid()):
        worker.kill()


async def test_an_archive_that_somebody_else_made_in_that_second_is_not_taken_for_this_ones(
    yard: Yard,
) -> None:
    first, second = noise(5), noise(5)
    yard.write(first)
    aside = yard.set_aside()
    await yard.compress(aside)
    aside.path.write_bytes(second)
    archived = await yard.compress(aside)
    assert archived.path.name == "bot_20260105_150400_2.log.gz"
    assert sorted(yard.content()) == sorted([first, second])


# two at once


async def test_of_two_opsbots_at_one_log_one_archives_it(yard: Yard) -> None:
    data = yard.write(noise(20_000))
    aside = yard.set_aside()
    answers = [child.answer() for child in [yard.child("compress", aside.path) for _ in range(3)]]
    assert sum(isinstance(answer, str) for answer in answers) == 1
    refused = [answer["error"] for answer in answers if isinstance(answer, dict)]
    assert all("locked" in text or "does not exist" in text for text in refused)
    assert yard.content() == [data]


async def test_two_logs_of_one_second_get_two_archives_from_two_opsbots_at_once(yard: Yard) -> None:
    asides, written = [], []
    for _ in range(3):
        written.append(yard.write(noise(2_000)))
        asides.append(yard.set_aside())
    children = [yard.child("compress", aside.path) for aside in asides]
    assert len({child.answer() for child in children}) == 3
    assert sorted(yard.content()) == sorted(written)


async def test_what_another_opsbot_compresses_is_not_swept(yard: Yard) -> None:
    yard.write(noise(LONG))
    aside = yard.set_aside()
    halves: list[list[Path]] = []

    def sweep(_: float) -> None:
        yard.archive.prune()
        halves.append([*yard.spec.archive_dir.glob("*.part")])

    await yard.compress(aside, sweep)
    assert all(halves[:-1])
