"""`opsbot run`."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import structlog

from opsbot.app import serve
from opsbot.cli.logs import configure
from opsbot.clock import SystemClock
from opsbot.config.load import load
from opsbot.config.peek import locate
from opsbot.config.settings import Settings
from opsbot.session import Session


def run_command(config: Path | None, log_format: str) -> int:
    """Runs until SIGTERM or Ctrl-C; the targets go on. Returns the exit code.

    Raises:
        UsageError: the configuration or the state directory cannot be used.
    """
    configure(log_format)
    settings = load(config or locate(os.environ, Path.cwd()), os.environ)
    asyncio.run(_until_stopped(settings))
    return 0


async def _until_stopped(settings: Settings) -> None:
    log = structlog.get_logger("opsbot")
    for notice in settings.notices:
        log.info(notice)
    serving = asyncio.ensure_future(serve(settings, session=Session(settings, SystemClock())))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, serving.cancel)
    log.info("watching", targets=[t.name for t in settings.targets], state=str(settings.state_dir))
    try:
        await serving
    except asyncio.CancelledError:
        log.info("stopped; the targets go on by themselves")
