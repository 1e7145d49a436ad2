"""A real systemd in namespaces of its own, and running commands inside."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "tests" / "tools" / "systemd-sandbox"
SYSTEMD = Path("/lib/systemd/systemd")
INSIDE = os.environ.get("OPSBOT_TEST_IN_SYSTEMD") == "1"
"""Whether these tests run inside: pid 1 is the sandbox's own systemd, and no harm can be done."""

STOP_SECONDS = 10.0


@contextmanager
def sandbox(folder: Path) -> Iterator[list[str]]:
    """Boots one; gives the words to put before a command that is to run inside, where `folder` is
    `/run/sandbox`. It ends with the block, and with this process, however that ends."""
    _require()
    kept = [str(ROOT), sys.prefix, sys.base_prefix]
    holder = subprocess.Popen(
        [SCRIPT, "hold", folder, *sorted({path for path in kept if path != "/usr"})],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with holder:
        assert holder.stdin
        assert holder.stdout
        assert holder.stderr
        try:
            if holder.stdout.readline() != "ready\n":
                _missing(f"no systemd could be booted here: {holder.stderr.read().strip()}")
            yield [str(SCRIPT), "run", str(folder)]
        finally:
            holder.stdin.close()
            holder.wait(STOP_SECONDS)


def _require() -> None:
    if os.geteuid() != 0:
        _missing("a systemd of its own needs root: run the tests as root")
    if not SYSTEMD.exists():
        _missing(f"needs {SYSTEMD} (Debian: apt install systemd dbus)")


def _missing(message: str) -> None:
    """Skips; fails where the whole suite is demanded."""
    if os.environ.get("OPSBOT_TEST_REQUIRE_ALL") == "1":
        pytest.fail(message)
    pytest.skip(message)
