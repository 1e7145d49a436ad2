"""These run inside the sandbox only; tests/supervisors/systemd/test_under_systemd.py runs them there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.supervisors.systemd.sandbox import INSIDE
from tests.supervisors.systemd.units import UnitPlace

collect_ignore_glob = [] if INSIDE else ["test_*.py"]


@pytest.fixture
async def unit(tmp_path: Path) -> AsyncIterator[UnitPlace]:
    """A unit; what ran of it is gone afterwards."""
    place = UnitPlace(tmp_path)
    yield place
    await place.close()
