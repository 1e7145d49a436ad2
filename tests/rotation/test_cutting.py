"""A log whose writer keeps it open gets its head cut off, and nothing is lost, doubled or moved elsewhere."""

from __future__ import annotations

import pytest

from opsbot.rotation import _cut
from opsbot.rotation._cut import Abilities
from opsbot.rotation.base import Way
from tests.rotation.desk import BLOCK, Desk, before, no_ability, numbered, refusal


async def test_archive_and_log_together_are_what_was_written_each_in_whole_lines(cutting: Desk) -> None:
    text = "".join("x" * (20 + number * 7919 % 61) + "\n" for number in range(100_000))
    cutting.log.write_text(text)
    aside = await cutting.rotate()
    archived, left = await cutting.archive(aside), cutting.log.read_bytes()
    assert archived + left == text.encode()
    assert archived.endswith(b"\n")
    assert len(archived) % BLOCK == 0
    assert len(left) < len(archived) / 3
    assert (aside.size, aside.window, aside.busy) == (len(archived), 0.0, "")


async def test_the_writer_goes_on_at_the_end(cutting: Desk) -> None:
    pen = cutting.pens[0]
    cutting.log.write_text(numbered(5000))
    await cutting.rotate()
    left = cutting.log.read_text()
    said = pen.write("after")
    assert cutting.log.read_text() == left + said


async def test_where_no_block_ends_with_a_line_the_line_is_cut_and_nothing_is_missing(cutting: Desk) -> None:
    text = ("x" * 50_000 + "\n") * 20
    cutting.log.write_text(text)
    archived = await cutting.archive(await cutting.rotate())
    assert not archived.endswith(b"\n")
    assert archived + cutting.log.read_bytes() == text.encode()


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK])
async def test_less_than_a_block_is_not_rotated(cutting: Desk, size: int) -> None:
    cutting.log.write_text("x" * size)
    assert f"too small to be rotated ({size} bytes)" in await refusal(cutting)
    assert cutting.files() == ["bot.log"]


async def test_rotated_often_every_line_is_there_once_in_order(cutting: Desk) -> None:
    pen, said, archived = cutting.pens[0], [cutting.log.read_text()], b""
    for round_ in range(5):
        with cutting.log.open("a") as log:
            log.write(text := numbered(300, first=300 * round_))
        said += [text, pen.write(f"round {round_}")]
        archived += await cutting.archive(await cutting.rotate())
    assert archived + cutting.log.read_bytes() == "".join(said).encode()


async def test_a_writer_that_does_not_append_loses_nothing_and_leaves_a_hole(desk: Desk) -> None:
    pen = desk.pen("overwrite")
    text = pen.write(*numbered(400).splitlines())
    plan = await desk.rotator.plan()
    assert "begins with zeros" in plan.why
    aside = await desk.rotator.set_aside(plan)
    assert aside.window == 0.0
    assert await desk.archive(aside) == text.encode()
    assert await desk.rotator.size() == 0
    more = pen.write("after", "and after")
    assert desk.log.read_bytes().lstrip(b"\0") == more.encode()
    assert await desk.rotator.size() == len(more)


async def test_a_hole_at_the_head_is_not_archived_a_second_time(desk: Desk) -> None:
    pen = desk.pen("overwrite")
    pen.write(*numbered(400).splitlines())
    await desk.rotate()
    more = pen.write(*numbered(100).splitlines())
    assert await desk.archive(await desk.rotate()) == more.encode()


async def test_a_writer_that_does_not_append_and_comes_late_loses_nothing_either(
    cutting: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = numbered(5000)
    cutting.log.write_text(text)
    plan = await cutting.rotator.plan()
    assert plan.way is Way.COLLAPSE
    before(monkeypatch, "intend", lambda: cutting.pen("overwrite"))
    archived = await cutting.archive(await cutting.rotator.set_aside(plan))
    left = cutting.log.read_bytes()
    assert len(left) == len(text)
    assert archived + left.lstrip(b"\0") == text.encode()


async def test_a_late_writer_that_does_not_append_where_nothing_can_be_emptied_is_named(
    cutting: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    cutting.log.write_text(text := numbered(5000))
    monkeypatch.setattr(_cut, "abilities", lambda *_: Abilities(BLOCK, punch=False))
    before(monkeypatch, "intend", lambda: cutting.pen("overwrite"))
    said = await refusal(cutting)
    assert f"(pid {cutting.pens[1].pid}) began to write to {cutting.log} without appending" in said
    assert cutting.log.read_text() == text
    assert cutting.files() == ["bot.log"]


async def test_anything_else_is_copied_and_truncated(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    no_ability(monkeypatch)
    pen = desk.pen()
    text = pen.write("one", "two")
    aside = await desk.rotate()
    assert aside.window > 0.0
    assert await desk.archive(aside) == text.encode()
    assert desk.log.read_text() == ""
    pen.write("three")
    assert desk.log.read_text() == "three\n"


async def test_truncated_under_a_writer_that_does_not_append_the_zeros_are_not_archived(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_ability(monkeypatch)
    pen = desk.pen("overwrite")
    text = pen.write(*numbered(400).splitlines())
    assert await desk.archive(await desk.rotate()) == text.encode()
    more = pen.write("three")
    assert desk.log.stat().st_size == len(text) + len(more)
    assert await desk.rotator.size() == len(more)
    assert await desk.archive(await desk.rotate()) == more.encode()
