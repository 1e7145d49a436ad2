"""Paints in a process that lives for one picture, so that opsbot itself stays as small as it is."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import sys
from contextlib import suppress
from pathlib import Path

import structlog

from opsbot.charts.base import INSTALL, NoChart
from opsbot.domain.chart import Chart, chart_data
from opsbot.text import one_line

PATIENCE = 15.0
"""Seconds for one picture, waiting for its turn included; about half a second is usual."""

AT_ONCE = 1
"""Pictures painted at the same time: more would only take the processor from what opsbot is for."""

WORKER = "opsbot.charts.worker"
_MAGIC = b"\x89PNG\r\n\x1a\n"
_REASON = 200

log = structlog.get_logger("opsbot.charts")


class ProcessPainter:
    """Implements `Painter`. `cache`: a folder in which matplotlib keeps its list of fonts, made when it is
    needed; without one each picture takes a little longer."""

    def __init__(self, cache: Path | None = None, patience: float = PATIENCE) -> None:
        self._cache = cache
        self._patience = patience
        self._turn = asyncio.Semaphore(AT_ONCE)

    @property
    def missing(self) -> bool:
        return importlib.util.find_spec("matplotlib") is None

    async def paint(self, chart: Chart) -> bytes:
        if self.missing:
            raise NoChart(f"Charts are not installed: {INSTALL}")
        text = json.dumps(chart_data(chart)).encode()
        try:
            async with asyncio.timeout(self._patience), self._turn:
                return await self._painted(text)
        except TimeoutError:
            log.warning("a chart took too long", seconds=self._patience)
            raise NoChart(f"The chart was not ready within {self._patience:g} s.") from None
        except OSError as error:
            log.warning("a chart could not be begun", reason=str(error))
            raise NoChart(f"The chart could not be drawn: {error.strerror}.") from error

    async def _painted(self, text: bytes) -> bytes:
        pipe = asyncio.subprocess.PIPE
        worker = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-m", WORKER),
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            env=self._environment(),
            start_new_session=True,  # Ctrl-C in opsbot's terminal is opsbot's to answer
        )
        try:
            picture, complaint = await worker.communicate(text)
        finally:  # also when nobody waits any more
            with suppress(ProcessLookupError):
                worker.kill()
            await worker.wait()
        if worker.returncode or not picture.startswith(_MAGIC):
            last = complaint.decode(errors="replace").strip().rpartition("\n")[2]
            log.warning("a chart broke", exit_code=worker.returncode, reason=one_line(last, _REASON))
            raise NoChart("The chart could not be drawn: opsbot's log says why.")
        return picture

    def _environment(self) -> dict[str, str]:
        """Little: opsbot's own has secrets. One thread, and no fonts but matplotlib's and the system's usual
        folders' (`fc-list` is not asked)."""
        given = {"PATH": "", "OPENBLAS_NUM_THREADS": "1"}
        given["HOME"] = os.devnull  # in which root, too, makes no folder
        if self._cache is not None:
            with suppress(OSError):
                self._cache.mkdir(mode=0o700, exist_ok=True)
            given["MPLCONFIGDIR"] = str(self._cache)
        return given | {key: os.environ[key] for key in ("LANG", "LC_ALL", "TMPDIR") if key in os.environ}
