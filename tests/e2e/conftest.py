"""A stage for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.stage import Stage
from tests.e2e.stage import stage as on_stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Nothing runs yet; whatever a test starts is gone afterwards."""
    async with on_stage(tmp_path) as made:
        yield made
