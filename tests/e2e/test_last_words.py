"""What no restart can mend: nothing is tried again, and the incident shows what the service said last."""

from __future__ import annotations

import os
import re
import signal
import sys

import pytest

from opsbot.demo.scene import SERVICE
from tests.e2e.reading import text_of
from tests.e2e.stage import Stage
from tests.e2e.test_by_hand import looks, use_command

SAID, SHOWN = 30, 20

TALKATIVE = """#!{python}
import os, signal, sys
from opsbot.demo.service import main
signal.signal(signal.SIGUSR1, lambda *_: os._exit(78))
for number in range({said}):
    print(f"line {{number}} of its output", flush=True)
os._exit(main(sys.argv[1:]))
"""


@pytest.fixture
def talkative(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """The stand-in says something on its output when it starts, and ends with 78 on SIGUSR1."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    says(stage, SAID)
    return stage


def says(stage: Stage, lines: int) -> None:
    """The service is one that says so many lines."""
    program = stage.folder / SERVICE
    program.write_text(TALKATIVE.format(python=sys.executable, said=lines))
    program.chmod(0o755)
    if str(program) not in stage.command:
        use_command(stage, [str(program), *stage.command[3:]])


def shown(text: str) -> list[int]:
    """The numbers of the lines of output that a text quotes."""
    return [int(number) for number in re.findall(r"line (\d+) of its output", text)]


async def test_a_running_service_that_ends_with_78_is_not_started_again_and_its_last_lines_are_shown(
    talkative: Stage,
) -> None:
    async with talkative.opsbot() as running:
        await talkative.kill(signal.SIGUSR1)
        message = await talkative.message(1, lambda m: shown(text_of(m)))
        assert "exit code 78 means that a restart cannot help" in text_of(message)
        assert shown(text_of(message)) == list(range(SAID - SHOWN, SAID))
        await looks(running, 5)
        assert talkative.pids() == []
    assert len(talkative.of(1)) == 1
    assert len(talkative.alarms()) == 1


async def test_an_executable_that_has_gone_is_told_with_the_last_lines_of_before(talkative: Stage) -> None:
    async with talkative.opsbot() as running:
        (talkative.folder / SERVICE).rename(talkative.folder / "away")
        await talkative.kill()
        message = await talkative.message(1, lambda m: "trying again cannot help" in text_of(m))
        assert f"{talkative.folder / SERVICE} does not exist" in text_of(message).replace("\\", "")
        assert shown(text_of(message)) == list(range(SAID - SHOWN, SAID))
        await looks(running, 5)
        assert talkative.pids() == []
    assert len(talkative.alarms()) == 2  # it crashed; it was given up


async def test_of_a_service_that_writes_its_log_itself_the_last_lines_of_that_are_shown(
    talkative: Stage,
) -> None:
    says(talkative, 2)
    async with talkative.opsbot():
        await talkative.kill(signal.SIGUSR1)
        message = await talkative.message(1, lambda m: shown(text_of(m)))
    assert shown(text_of(message)) == [0, 1]
    assert f"Webhook API listening on 127.0.0.1:{talkative.port}" in text_of(message)
