from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.supervisors.docker.between import Between
from tests.supervisors.docker.box import Box
from tests.supervisors.docker.sandbox import Sandbox, sandbox


@pytest.fixture
def engine() -> Sandbox:
    """The session's engine."""
    return sandbox()


@pytest.fixture
async def box(engine: Sandbox, tmp_path: Path) -> AsyncIterator[Box]:
    """A name for a container; whatever bears it is gone afterwards."""
    box = Box(engine, tmp_path)
    yield box
    await box.close()


@pytest.fixture
async def between(engine: Sandbox) -> AsyncIterator[Between]:
    """Somebody between opsbot and the engine."""
    async with Between(engine) as between:
        yield between
