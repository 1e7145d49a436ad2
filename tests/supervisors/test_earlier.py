"""A process of the target's former supervisor: nothing is started beside it, and nothing done to it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsbot.clock import SystemClock
from opsbot.domain.process import ProcessId
from opsbot.errors import SupervisorError
from opsbot.supervisors import _earlier, _proc
from opsbot.supervisors._earlier import Careful, Earlier
from opsbot.testing.clock import VirtualClock
from opsbot.testing.supervisor import FakeHost, FakeSupervisor

BOOT = SystemClock().boot_id


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A live process."""
    made = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield made
    made.kill()
    made.communicate()


def process(child: subprocess.Popen[bytes]) -> ProcessId:
    found = _proc.identify(child.pid, BOOT)
    assert found is not None
    return found


def careful(folder: Path, host: FakeHost) -> Careful:
    return Careful(FakeSupervisor(host), folder, BOOT)


async def test_nothing_is_started_beside_it_until_it_has_ended(
    tmp_path: Path, child: subprocess.Popen[bytes]
) -> None:
    host = FakeHost(VirtualClock())
    _earlier.write(tmp_path, Earlier(process(child), "a", f"pid {child.pid} runs on", apart=True))
    supervisor = careful(tmp_path, host)
    look = await supervisor.find()
    assert look.candidates == ((process(child), f"pid {child.pid} runs on"),)
    with pytest.raises(SupervisorError, match=f"pid {child.pid} runs on") as refused:
        await supervisor.start(1)
    assert refused.value.permanent
    assert host.started == []
    child.kill()
    child.wait()
    assert (await supervisor.find()).candidates == ()
    await supervisor.start(2)
    assert host.started == [2]


async def test_one_that_the_present_supervisor_knows_blocks_nothing(
    tmp_path: Path, child: subprocess.Popen[bytes]
) -> None:
    host = FakeHost(VirtualClock())
    _earlier.write(tmp_path, Earlier(process(child), "a", "takes effect later"))
    supervisor = careful(tmp_path, host)
    await supervisor.start(1)
    assert host.started == [1]
    _earlier.write(tmp_path, Earlier(process(child), "a", "apart", apart=True))
    assert (await supervisor.start(2)).generation == 1, "what runs is found, as ever"


def test_what_is_remembered_is_forgotten_with_its_process(
    tmp_path: Path, child: subprocess.Popen[bytes]
) -> None:
    known = Earlier(process(child), "a", "text")
    _earlier.write(tmp_path, known)
    assert _earlier.read(tmp_path, BOOT) == known
    assert oct(os.stat(tmp_path / _earlier.NAME).st_mode)[-3:] == "600"  # noqa: PTH116
    assert _earlier.read(tmp_path, "another boot") is None
    _earlier.forget(tmp_path)
    assert _earlier.read(tmp_path, BOOT) is None
    (tmp_path / _earlier.NAME).write_text("{half")
    assert _earlier.read(tmp_path, BOOT) is None
