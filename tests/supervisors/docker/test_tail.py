"""The newest output of a container."""

from __future__ import annotations

from typing import Any

import pytest

from opsbot.errors import SupervisorError
from opsbot.supervisors._docker.streams import LOG_BYTES
from tests.supervisors.docker.box import Box


async def told(box: Box, program: str, **more: Any) -> list[str]:
    """What a program has written, once it is over."""
    box.create("sh", "-c", program, **more).do("start")
    box.do("wait")
    return await box.supervisor().tail(3)


async def test_both_streams_are_there_without_their_wrapping(box: Box) -> None:
    assert sorted(await told(box, "echo out; echo err >&2")) == ["err", "out"]


async def test_only_the_newest_lines_are_given(box: Box) -> None:
    assert await told(box, "for n in 1 2 3 4 5; do echo $n; done") == ["3", "4", "5"]


async def test_a_container_with_a_terminal_is_read_as_well(box: Box) -> None:
    assert await told(box, "echo one; echo two", tty=True) == ["one", "two"]


async def test_a_huge_line_is_cut(box: Box) -> None:
    lines = await told(
        box, f"dd if=/dev/zero bs=1024 count={4 * LOG_BYTES // 1024} 2>/dev/null; echo; echo last"
    )
    assert lines[-1] == "last"
    assert sum(map(len, lines)) <= LOG_BYTES


async def test_a_logging_driver_that_cannot_read_has_no_lines(box: Box) -> None:
    assert await told(box, "echo lost", LogConfig={"Type": "none"}) == []


async def test_a_container_that_never_ran_or_is_not_there_has_no_lines(box: Box) -> None:
    assert await box.supervisor().tail(3) == []
    assert await box.create().supervisor().tail(3) == []


async def test_an_engine_that_is_gone_is_said(box: Box) -> None:
    supervisor = box.create().supervisor("unix:///nonexistent/docker.sock")
    with pytest.raises(SupervisorError):
        await supervisor.tail(3)
