"""What every test stands on."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("opsbot", deadline=None)  # how long an example takes says more of the machine
settings.load_profile("opsbot")


def pytest_configure() -> None:
    """A runner that was started in the background or by nohup ignores signals, and so would the commands that
    the tests start and end by them. What is handled here is as it usually is in a child."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda _number, _frame: None)


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
