"""A real opsbot that has no file descriptors left: it takes that for no news, and goes on after."""

from __future__ import annotations

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager

from tests.cli.commands import Place, opsbot


@contextmanager
def without_descriptors(pid: int) -> Iterator[None]:
    """A running process can open nothing more; what it has open it keeps (prlimit(2))."""
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


def told(at: Place) -> list[tuple[str, str, str]]:
    """Kind, target and title of what the notifier `log` was told."""
    path = at.folder / "alerts.log"
    lines = path.read_text().splitlines() if path.exists() else []
    found = [json.loads(line) for line in lines]
    return [(f["kind"], f["incident"]["target"], f["incident"]["title"]) for f in found]


def test_it_is_told_when_it_can_be_and_the_target_is_left_alone(alone: Place) -> None:
    text = alone.file.read_text()
    alone.file.write_text(f"{text}\nnotifications:\n  log: {{file_path: {alone.folder}/alerts.log}}\n")
    with alone.running() as child:
        (pid,) = alone.pids()
        assert child.stdout is not None
        with without_descriptors(child.pid):
            for line in child.stdout:
                if "no file descriptors left" in line:
                    break
        alone.until(lambda: any("no file descriptors left" in title for _, _, title in told(alone)))
        alone.until(alone.is_well)
        assert alone.pids() == [pid]
    assert {target for _, target, _ in told(alone)} == {"opsbot"}
    listed = opsbot("incidents", "-c", alone.file, cwd=alone.folder)
    assert "summarybot" not in listed.stdout
