"""py-spy, really: what it sees of a real process, and one clear clause for whatever keeps it from that."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from opsbot.diagnostics.base import NotCollected
from opsbot.diagnostics.spy import NOT_INSTALLED, Spy, profile_of
from tests.diagnostics.children import children_with

BUSY = """
    import threading, time

    def hot():
        return sum(i * i for i in range(10_000))

    def work():
        while True:
            hot()

    threading.Thread(target=time.sleep, args=(60,), name="sleeper", daemon=True).start()
    print("ready", flush=True)
    work()
"""

needs_py_spy = pytest.mark.skipif(
    Spy().missing and not os.environ.get("OPSBOT_TEST_REQUIRE_ALL"), reason="py-spy is not installed"
)


@pytest.fixture
def busy() -> Iterator[int]:
    """A Python process that works."""
    child = subprocess.Popen([sys.executable, "-c", dedent(BUSY)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    yield child.pid
    child.kill()
    child.communicate()


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process that is no Python program."""
    child = subprocess.Popen(["/bin/sleep", "60"])
    yield child
    child.kill()
    child.wait()


def program(folder: Path, text: str) -> Path:
    """A program that stands for py-spy where the real one cannot be brought to it."""
    path = folder / "py-spy"
    path.write_text(f"#!{sys.executable}\n{dedent(text)}")
    path.chmod(0o700)
    return path


@needs_py_spy
async def test_the_threads_of_a_process_are_seen_without_any_values(busy: int) -> None:
    text = await Spy().stacks(busy)
    assert "work" in text
    assert "Thread " in text
    assert "sleeper" in text


@needs_py_spy
async def test_a_profile_names_the_hottest_function_first(busy: int) -> None:
    profile = await Spy().profile("bot", busy, 1)
    assert profile.samples > 10
    named = [one.name for one in profile.functions]
    assert "hot" in " ".join(named[:2])
    work = next(one for one in profile.functions if one.name == "work")
    assert work.total >= profile.samples * 0.8
    assert not any("py-spy" in name for name in named)


@needs_py_spy
async def test_what_is_no_python_program_is_said(sleeper: subprocess.Popen[bytes]) -> None:
    with pytest.raises(NotCollected, match="no Python program"):
        await Spy().stacks(sleeper.pid)


@needs_py_spy
async def test_a_process_that_is_gone_is_said(sleeper: subprocess.Popen[bytes]) -> None:
    sleeper.kill()
    sleeper.wait()
    with pytest.raises(NotCollected, match="ended meanwhile"):
        await Spy().stacks(sleeper.pid)


async def test_without_py_spy_the_remedy_is_named(tmp_path: Path) -> None:
    spy = Spy(tmp_path / "py-spy")
    assert spy.missing
    with pytest.raises(NotCollected) as caught:
        await spy.stacks(os.getpid())
    assert str(caught.value) == NOT_INSTALLED


@pytest.mark.parametrize(
    "complaint",
    [
        "Error: Permission Denied: Try running again with elevated permissions",
        "Operation not permitted (os error 1)",
    ],
)
async def test_without_the_systems_leave_the_remedy_is_named(tmp_path: Path, complaint: str) -> None:
    spy = Spy(program(tmp_path, f"import sys; sys.stderr.write({complaint!r}); sys.exit(1)"))
    for look in (spy.stacks(7), spy.profile("bot", 7, 1)):
        with pytest.raises(NotCollected, match="kernel.yama.ptrace_scope=0"):  # noqa: RUF043
            await look


async def test_one_that_hangs_is_ended_with_all_that_it_holds(tmp_path: Path) -> None:
    spy = Spy(program(tmp_path, "import time; time.sleep(600)"), patience=0.3)
    with pytest.raises(NotCollected, match=r"not ready within 0\.3 s"):
        await spy.stacks(7)
    assert children_with("py-spy") == []


async def test_whoever_is_cancelled_leaves_no_child(tmp_path: Path) -> None:
    up = tmp_path / "up"
    os.mkfifo(up)
    spy = Spy(program(tmp_path, f"open({str(up)!r}, 'w').write('x'); import time; time.sleep(600)"))
    task = asyncio.create_task(spy.stacks(7))
    assert await asyncio.to_thread(up.read_text) == "x"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert children_with("py-spy") == []


async def test_a_look_that_made_no_sense_is_tried_again(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    spy = Spy(
        program(
            tmp_path,
            f"""
            import pathlib, sys
            seen = pathlib.Path({str(seen)!r})
            again = seen.exists()
            seen.write_text("x")
            print("stacks") if again else sys.exit("Error: Failed to merge stack")
            """,
        )
    )
    assert await spy.stacks(7) == "stacks\n"


async def test_what_it_says_too_much_is_not_kept(tmp_path: Path) -> None:
    spy = Spy(program(tmp_path, "print('x' * 30_000_000)"))
    assert len(await spy.stacks(7)) < 10_000_000


async def test_it_gets_no_environment_with_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSBOT_DISCORD_TOKEN", "very-secret")
    text = await Spy(program(tmp_path, "import os; print(dict(os.environ))")).stacks(7)
    assert "very-secret" not in text
    assert "OPSBOT" not in text


def test_of_stacks_each_function_counts_once_however_often_it_calls_itself() -> None:
    raw = "a (x.py:1);b (x.py:2);b (x.py:2) 6\na (x.py:1) 2\nnonsense\npy-spy> wrote 9\n"
    profile = profile_of("bot", 7, 1.0, raw)
    assert (profile.samples, profile.stacks) == (8, 2)
    assert [(f.name, f.place, f.own, f.total) for f in profile.functions] == [
        ("b", "x.py:2", 6, 6),
        ("a", "x.py:1", 2, 8),
    ]
