"""What stands in a log, or pretends to be one, does no harm."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsbot.logs import _openfile
from opsbot.logs.feed import Availability
from opsbot.logs.formats import PythonFormat
from tests.logs.support import Log, line


async def refused(log: Log) -> str:
    for _ in range(3):
        await log.feed.refresh()
    assert log.feed.state.availability is Availability.REFUSED
    return log.feed.state.reason


async def test_a_directory_is_refused(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.path.mkdir()
    assert "a directory" in await refused(log)


async def test_a_named_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    log = Log(tmp_path)
    os.mkfifo(log.path)
    assert "a named pipe" in await refused(log)


async def test_a_socket_is_refused(tmp_path: Path) -> None:
    log = Log(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(log.path))
        assert str(log.path) in await refused(log)


@pytest.mark.parametrize("path", ["/dev/zero", "/proc/self/environ", "/sys/kernel"])
async def test_devices_and_the_kernels_files_are_refused(tmp_path: Path, path: str) -> None:
    log = Log(tmp_path)
    feed = log.feeds.open(Path(path), PythonFormat())
    feed.subscribe({})
    await feed.refresh()
    assert feed.state.availability is Availability.REFUSED


async def test_a_link_to_a_file_elsewhere_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    secret = tmp_path / "secret"
    secret.write_text(line("ERROR", "password"))
    log = Log(folder)
    log.path.symlink_to(secret)
    assert "outside of its folder" in await refused(log)
    assert log.feed.counts.lines == 0


async def test_a_link_to_a_file_of_the_same_folder_is_followed(tmp_path: Path) -> None:
    log = Log(tmp_path)
    real = tmp_path / "bot-today.log"
    real.write_text(line())
    log.path.symlink_to(real)
    await log.feed.refresh()
    with real.open("a") as out:
        out.write(line("ERROR"))
    await log.feed.refresh()
    assert log.feed.counts.errors == 1


@pytest.fixture
def powerless() -> Iterator[None]:
    """Root may read everything, so it becomes nobody for a test."""
    me = os.geteuid()
    if me == 0:
        os.seteuid(65534)
    yield
    os.seteuid(me)


async def test_a_log_without_read_permission_is_refused_with_the_remedy(
    tmp_path: Path, powerless: None
) -> None:
    # Made by root, it is out of nobody's reach; made by an ordinary user, the mode alone shuts it.
    log = Log(tmp_path)
    if os.access(tmp_path, os.W_OK, effective_ids=True):
        log.write(line())
        log.path.chmod(0)
    assert "give that user read permission" in await refused(log)


async def test_a_log_replaced_by_a_pipe_is_told_and_comes_back(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.write(line())
    await log.feed.refresh()
    log.path.unlink()
    os.mkfifo(log.path)
    assert "a named pipe" in await refused(log)
    log.path.unlink()
    log.write(line("ERROR"))
    await log.feed.refresh()
    assert log.feed.counts.errors == 1
    assert log.feed.state.availability is Availability.READABLE


async def test_bytes_that_are_no_text_do_not_disturb_the_lines_around_them(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.want(odd="caf.*end")
    log.write(line())
    await log.feed.refresh()
    with log.path.open("ab") as out:
        out.write(b"\xff\xfe\x00\x00\n" + line("ERROR", "x").encode())
        out.write(line("ERROR", "PLACE").encode().replace(b"PLACE", b"caf\xe9 \x00 end"))
    await log.feed.refresh()
    assert (log.feed.counts.lines, log.feed.counts.errors) == (3, 2)
    assert len(log.hits) == 1


async def test_colours_and_carriage_returns_are_seen_through(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.want(end="done$")
    log.write(line())
    await log.feed.refresh()
    coloured = "\x1b[30;1m2026-01-05 15:04:21\x1b[0m \x1b[31mERROR   \x1b[0m \x1b[35mdiscord.client\x1b[0m "
    log.write(coloured + "it is done\r\n")
    await log.feed.refresh()
    assert log.feed.counts.errors == 1
    assert log.messages == ["it is done"]


async def test_a_line_without_end_costs_bounded_memory_and_counts_once(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.write(line())
    await log.feed.refresh()
    log.write(line("ERROR").rstrip("\n"))
    for _ in range(8):
        log.write("x" * 300_000)
        await log.feed.refresh()
    log.write("ERROR in the tail\n", line("WARNING"))
    await log.feed.refresh()
    counts = log.feed.counts
    assert (counts.lines, counts.errors, counts.warnings) == (2, 1, 1)


async def test_what_is_too_much_to_read_is_counted_as_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_openfile, "BACKLOG_LIMIT", 50_000)
    monkeypatch.setattr(_openfile, "BACKLOG_KEPT", 10_000)
    log = Log(tmp_path)
    log.write(line())
    await log.feed.refresh()
    written = line("ERROR") * 2000
    log.write(written)
    await log.feed.refresh()
    counts = log.feed.counts
    assert counts.lost_bytes == len(written) - 10_000
    kept = 10_000 // len(line("ERROR"))
    assert counts.lines == kept


async def test_a_storm_of_lines_leaves_the_event_loop_free_and_the_counts_exact(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.want(bad="ERROR")
    log.write(line())
    await log.feed.refresh()
    log.write((line("ERROR") + line() * 9) * 5000)
    threads = set()
    share = log.feed.subscribe({"all": "ERROR"}, lambda hit: threads.add(threading.get_ident()))
    await log.feed.refresh()
    assert threads == threads - {threading.get_ident()}
    assert (log.feed.counts.lines, log.feed.counts.errors) == (50_000, 5000)
    assert share.counts["all"] == len(log.hits) == 5000
