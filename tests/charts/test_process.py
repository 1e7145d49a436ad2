"""The process that paints one picture: it is real, small in time and memory, and gone afterwards."""

from __future__ import annotations

import asyncio
import importlib.util
import struct
import subprocess
import sys
import time
import zlib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from opsbot.charts import process
from opsbot.charts.base import INSTALL, NoChart
from opsbot.charts.process import WORKER, ProcessPainter
from opsbot.domain.chart import Chart, Mark, Panel, Point, Shade, Style, Threshold, Tick
from opsbot.domain.levels import Severity
from tests.bound import BOUND, rest
from tests.e2e.processes import eventually

NOW = 1_767_625_440.0
BACKGROUND = (0x2B, 0x2D, 0x31)


def chart(title: str = "Bot", panels: int = 2, points: int = 240, version: str = "v1.4.2") -> Chart:
    """Everything that a chart may have."""
    line = tuple(Point(NOW - 3600 + 15 * n, n % 50, n % 50 - 1.0, n % 50 + 2.0) for n in range(points))
    styles = [Style.LINE, Style.BARS, Style.STEPS, Style.LINE]
    made = [
        Panel("CPU", "%", style, line, 15.0, 60.0, (Threshold(40.0, Severity.WARNING),)) for style in styles
    ]
    shades = (Shade(NOW - 600, NOW, Severity.CRITICAL),)
    ticks = (Tick(NOW - 1800, "14:34"),)
    deploys = (Mark(NOW - 1200, version),)
    return Chart(
        title, "last 1 h", NOW - 3600, NOW, "UTC", tuple(made[:panels]), ticks, shades, (NOW - 900,), deploys
    )


def size_of(png: bytes) -> tuple[int, int]:
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def corner(png: bytes) -> tuple[int, ...]:
    """The colour of the first pixel: the first row has no filter that could change it."""
    at, data = 8, b""
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        if kind == b"IDAT":
            data += png[at + 8 : at + 8 + length]
        at += 12 + length
    return tuple(zlib.decompress(data)[1:4])


def painters(parent: int | None = None) -> list[int]:
    """The pids of those that run."""
    found = []
    for child in psutil.Process(parent).children():
        with suppress(psutil.Error):  # it ends just now
            if WORKER in child.cmdline():
                found.append(child.pid)
    return found


def patient(cache: Path | None = None) -> ProcessPainter:
    """One that no busy machine hurries."""
    return ProcessPainter(cache, 4 * BOUND)


async def test_it_is_as_wide_as_a_phone_needs_and_as_dark_as_discord(tmp_path: Path) -> None:
    one = await patient(tmp_path / "cache").paint(chart(panels=1))
    four = await patient(tmp_path / "cache").paint(chart(panels=4))
    assert size_of(one)[0] == size_of(four)[0] == 1200
    assert size_of(one)[1] < size_of(four)[1]
    assert corner(one) == BACKGROUND
    assert len(four) < 500_000
    assert painters() == []
    assert "matplotlib" not in sys.modules


@pytest.mark.parametrize("title", ["$x$ \\frac{1}{0} $", "<b>&amp;", "日本語 😀", "", "x" * 500])
async def test_any_title_can_be_drawn(title: str) -> None:
    assert size_of(await patient().paint(chart(title, panels=1, version=title[:40])))[0] == 1200


async def test_a_deploy_is_seen() -> None:
    marked = chart(panels=1)
    assert await patient().paint(marked) != await patient().paint(replace(marked, deploys=()))


@pytest.mark.parametrize("points", [0, 1, 2])
async def test_few_points_are_a_chart_too(points: int) -> None:
    assert size_of(await patient().paint(chart(panels=4, points=points)))[0] == 1200


async def test_one_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hanging = tmp_path / "python"
    hanging.write_text("#!/bin/sh\nexec /bin/sleep 600\n")
    hanging.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(hanging))
    async with asyncio.timeout(BOUND):
        with pytest.raises(NoChart, match="not ready within"):
            await ProcessPainter(patience=0.2).paint(chart())
    assert [child for child in psutil.Process().children() if child.name() == "sleep"] == []


async def test_one_that_nobody_waits_for_any_more_is_ended() -> None:
    painting = asyncio.create_task(patient().paint(chart()))
    await eventually(painters)
    painting.cancel()
    await asyncio.gather(painting, return_exceptions=True)
    assert painters() == []


async def test_a_picture_that_breaks_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "WORKER", "opsbot.charts.no_such_worker")
    with pytest.raises(NoChart, match="opsbot's log says why"):
        await patient().paint(chart())


async def test_many_at_once_are_painted_one_after_the_other() -> None:
    painter, most = patient(), 0
    painting = asyncio.gather(*(painter.paint(chart(panels=1)) for _ in range(4)))
    while not painting.done():
        began = time.monotonic()
        most = max(most, len(painters()))
        await asyncio.sleep(rest(began, 0.005))
    assert [size_of(png)[0] for png in await painting] == [1200] * 4
    assert most == 1


async def test_without_the_extra_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "matplotlib" else found(name)
    )
    assert patient().missing
    with pytest.raises(NoChart) as why:
        await patient().paint(chart())
    assert INSTALL in str(why.value)


def test_it_is_given_no_secret_of_opsbots(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPSBOT_DISCORD_TOKEN", "secret")
    monkeypatch.setenv("SMTP_PASSWORD", "secret")
    given = ProcessPainter(tmp_path / "cache")._environment()
    assert "secret" not in given.values()
    assert set(given) <= {"PATH", "HOME", "OPENBLAS_NUM_THREADS", "MPLCONFIGDIR", "LANG", "LC_ALL", "TMPDIR"}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the limit is not kept")
def test_its_memory_is_bounded() -> None:
    code = (
        "import io, sys; from opsbot.charts import worker; sys.stdin = io.TextIOWrapper(io.BytesIO(b'{}'))\n"
        "try:\n    worker.main()\nexcept KeyError:\n    bytearray(2 * worker.MEMORY)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=BOUND)
    assert done.returncode == 1
    assert "MemoryError" in done.stderr
