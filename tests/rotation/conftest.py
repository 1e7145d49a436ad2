"""What several tests of rotation stand on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from opsbot.rotation import _writers
from tests.rotation.desk import Desk


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A log with a rotator and a follower over it."""
    made = Desk(tmp_path)
    yield made
    await made.close()


@pytest.fixture(autouse=True)
def everybody_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine of one's own; in a container, or with a first process that hides, it is not so."""
    monkeypatch.setattr(_writers, "_hidden", lambda _: "")
