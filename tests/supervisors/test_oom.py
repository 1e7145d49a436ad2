"""A target that the kernel kills for want of memory: the cause is named. Injected with a real cgroup."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from tests.supervisors.helpers import Place, eventually

LIMIT = 32 * 1024 * 1024
EATER = """
import os, sys
with open(sys.argv[1] + "/cgroup.procs", "w") as procs:
    procs.write(str(os.getpid()))
hog = [bytearray(b"x" * 1024 * 1024) for _ in range(1024)]
"""
NAMES = (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max"))


def _empty(group: Path) -> bool:
    return not (group / "cgroup.procs").read_text()


@pytest.fixture
async def small_cgroup() -> AsyncIterator[Path]:
    """A memory cgroup (version 1 or 2) that allows `LIMIT` bytes."""
    for root, limit in NAMES:
        group = Path(root) / f"opsbot-test-{os.getpid()}"
        with suppress(OSError):
            group.mkdir()
            try:
                (group / limit).write_text(str(LIMIT))
                with suppress(OSError):
                    (group / "memory.swap.max").write_text("0")
                yield group
                return
            finally:
                await eventually(partial(_empty, group))
                group.rmdir()
    reason = "no memory cgroup can be made here: this needs root and the memory controller"
    assert not os.environ.get("OPSBOT_TEST_REQUIRE_ALL"), reason
    pytest.skip(reason)


async def test_an_out_of_memory_kill_is_named_as_the_cause(place: Place, small_cgroup: Path) -> None:
    command = ["python3", "-I", "-S", "-c", EATER, str(small_cgroup)]
    supervisor = place.supervisor(command=command)
    ended = await supervisor.wait_exit(await supervisor.start(1))
    assert ended.signal == 9
    assert "out of memory" in str(ended)


async def test_a_kill_by_hand_is_not_called_one(place: Place) -> None:
    supervisor = place.supervisor()
    running = await supervisor.start(1)
    os.kill(running.process.pid, 9)
    assert (await supervisor.wait_exit(running)).cause == ""
