"""What every test stands on."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of processes would compile opsbot, each for itself
sys.dont_write_bytecode = False

structlog.configure(  # as it is by itself, but that a traceback is drawn with all locals costs half a second
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.dev.set_exc_info,
        structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)

settings.register_profile("opsbot", deadline=None)  # how long an example takes says more of the machine
settings.load_profile("opsbot")


def pytest_configure(config: pytest.Config) -> None:
    """A runner that was started in the background or by nohup ignores signals, and so would the commands that
    the tests start and end by them. What is handled here is as it usually is in a child."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda _number, _frame: None)
    if (worker := getattr(config, "workerinput", None)) and [Path(at).name for at in config.args] == [
        "tests"
    ]:
        _import_all(int(worker["workerid"].removeprefix("gw")) / worker["workercount"])


def _import_all(begin: float) -> None:
    """Each test process imports all test files. It begins with a part of its own, so that most of those that
    nobody has compiled yet are compiled by one process and read by the others. `begin`: from 0 to 1."""
    here = Path(__file__).parent
    files = sorted(here.rglob("test_*.py"))
    first = round(len(files) * begin)
    for path in files[first:] + files[:first]:
        parts = path.relative_to(here.parent).with_suffix("").parts
        if all(part.isidentifier() for part in parts):
            with suppress(Exception, pytest.skip.Exception):  # is told when pytest imports it
                importlib.import_module(".".join(parts))


SLOW = {
    **dict.fromkeys(("supervisors", "e2e", "demo"), 0),
    **dict.fromkeys(("cli", "rotation", "runtime", "notifiers", "stores"), 1),
}
"""Folders whose files take long, though they hold few tests; the slowest have the least number."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """They begin first, in the random order that they have, so that no process works alone at the end."""
    here = Path(__file__).parent
    items.sort(key=lambda item: SLOW.get(item.path.relative_to(here).parts[0], 2))
