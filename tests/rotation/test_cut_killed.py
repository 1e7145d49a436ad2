"""opsbot is killed at every step of cutting a log: the next one finds every line exactly once."""

from __future__ import annotations

import pytest

from opsbot.rotation import _cut
from opsbot.rotation._copy import HeadCopy
from tests import nursery
from tests.bound import BOUND
from tests.rotation.desk import Desk, needs_cutting, numbered
from tests.rotation.yard import READY

STEPS = ("extend", "intend", "check", "cut", "publish", "end")


def killed(desk: Desk, ability: str, step: str) -> None:
    """An opsbot sets the log aside and is killed before that step."""
    order = [str(desk.log), str(desk.spec.archive_dir), ability, step]
    assert nursery.born(["tests.rotation.cutter", *order], *READY).wait(BOUND) == -9


async def everything(desk: Desk) -> bytes:
    """What its successor has in archives and log, after it has finished what was begun."""
    rotator, archived = desk.successor(), b""
    for aside in await rotator.asides():
        archived += await desk.archive(aside)
    hidden = [path for path in desk.spec.archive_dir.glob(".*") if path.is_file()]
    assert hidden == []
    return archived + desk.log.read_bytes().lstrip(b"\0")


@pytest.fixture(params=["collapse", "punch", "truncate"])
def ability(request: pytest.FixtureRequest, desk: Desk) -> str:
    if request.param != "truncate":
        needs_cutting(desk.folder)
    desk.log.write_text(numbered(20_000))
    if request.param == "punch":
        desk.pen("overwrite")
    return str(request.param)


@pytest.mark.parametrize("step", STEPS)
async def test_killed_at_any_step_no_line_is_lost_or_doubled(desk: Desk, ability: str, step: str) -> None:
    killed(desk, ability, step)
    assert await everything(desk) == numbered(20_000).encode()


@pytest.mark.parametrize("step", ["check", "publish"])
async def test_what_the_target_wrote_meanwhile_changes_nothing(desk: Desk, ability: str, step: str) -> None:
    """More than was cut off: the log is longer again than it was."""
    killed(desk, ability, step)
    more = numbered(30_000, first=20_000)
    with desk.log.open("a") as log:
        log.write(more)
    assert await everything(desk) == (numbered(20_000) + more).encode()


async def test_the_next_rotation_finishes_what_was_begun_too(desk: Desk, ability: str) -> None:
    killed(desk, ability, "publish")
    more = numbered(20_000, first=20_000)
    with desk.log.open("a") as log:
        log.write(more)
    await desk.rotate()
    assert await everything(desk) == (numbered(20_000) + more).encode()


async def test_what_another_opsbot_is_just_making_is_left_to_it(
    desk: Desk, ability: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    others: list[object] = []
    check = HeadCopy.check

    def checked(self: HeadCopy) -> None:
        others.extend(desk.successor()._asides())
        check(self)

    if ability == "truncate":
        monkeypatch.setattr(_cut, "abilities", lambda *_: _cut.NONE)
    monkeypatch.setattr(HeadCopy, "check", checked)
    await desk.rotate()
    assert others == []
    assert await everything(desk) == numbered(20_000).encode()


async def test_a_log_that_is_gone_leaves_the_copy_as_all_there_is(desk: Desk, ability: str) -> None:
    killed(desk, ability, "check")
    desk.log.unlink()
    (aside,) = await desk.successor().asides()
    copied = await desk.archive(aside)
    assert numbered(20_000).encode().startswith(copied)
    assert len(copied) > 500_000
