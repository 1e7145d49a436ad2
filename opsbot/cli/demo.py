"""`opsbot demo`."""

from __future__ import annotations

import asyncio
import importlib.util
import time
import webbrowser
from dataclasses import replace

import typer

from opsbot.cli.signals import until_stopped
from opsbot.errors import UsageError


def demo_command(
    *, page: bool, seconds: float | None, scenario: str | None, port: int, restart_seconds: float | None
) -> int:
    """Runs the demo until its time is over or Ctrl-C; returns 0.

    Raises:
        UsageError: the extra `demo` is not installed, there is no such scenario, or the port is taken.
    """
    if importlib.util.find_spec("simcord") is None:
        raise UsageError("the demo needs its extra: `pip install 'opsbot[demo]'`, or `make demo`.")
    from opsbot.demo.story import SCENARIOS

    scenario = scenario or "crash"
    if scenario not in SCENARIOS:
        raise UsageError(f"there is no scenario `{scenario}`: known are {', '.join(SCENARIOS)}.")
    from opsbot.cli.logs import configure
    from opsbot.demo.play import Wishes, run_demo

    configure("quiet")
    wishes = Wishes(page, seconds, scenario, port)
    if restart_seconds is not None:
        wishes = replace(wishes, restart_seconds=restart_seconds)
    asyncio.run(until_stopped(run_demo(wishes, _show, _opened)))
    typer.echo("The demo is over; nothing is left running.")
    return 0


def _show(text: str) -> None:
    typer.echo(f"{time.strftime('%H:%M:%S')}  {text}")


def _opened(url: str) -> None:
    typer.echo(f"\n  The ops channel: {url}\n\n  Ctrl-C ends the demo.\n")
    webbrowser.open(url)
