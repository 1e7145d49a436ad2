from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.supervisors.helpers import Place


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """A folder with one target; whatever was started in it is gone afterwards."""
    place = Place(tmp_path)
    yield place
    await place.close()
