"""`opsbot run`."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import structlog

from opsbot import redact
from opsbot.cli.garbage import settle_down
from opsbot.cli.logs import configure
from opsbot.cli.signals import until_stopped
from opsbot.clock import SystemClock
from opsbot.config.load import load
from opsbot.config.peek import locate


def run_command(config: Path | None, log_format: str, *, dry_run: bool = False) -> int:
    """Runs until SIGTERM or Ctrl-C; the targets go on. Returns the exit code. `dry_run`: nobody is told and
    nothing is done, whatever the file says.

    Raises:
        UsageError: the configuration or the state directory cannot be used.
    """
    configure(log_format)
    settings = load(config or locate(os.environ, Path.cwd()), os.environ)
    settings = settings.rehearsed() if dry_run else settings
    redact.learn(secret.get_secret_value() for secret in settings.secrets)
    from opsbot.app import serve  # only now: a mistake in the file is told without waiting for discord.py
    from opsbot.runtime.lifeline import lifeline
    from opsbot.runtime.notes import DRY_RUN
    from opsbot.runtime.watchdog import NOTE, Watchdog
    from opsbot.session import Session

    log = structlog.get_logger("opsbot")
    for notice in settings.notices:
        log.info(notice)
    if settings.incidents.dry_run:
        log.warning(DRY_RUN)
    session, hangups = Session(settings, SystemClock()), asyncio.Event()
    settle_down()
    with Watchdog(lifeline(os.environ, os.getpid()), settings.state_dir / NOTE):
        asyncio.run(until_stopped(serve(settings, session=session, hangups=hangups), hangups))
    log.info("stopped; the targets go on by themselves")
    return 0
