"""A stage for each test; a request that the simulated Discord does not have fails it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.cogs.charting import Painter, measured
from tests.cogs.stage import Stage, stage_of
from tests.sim import simulated_discord


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """No bot is logged in yet."""
    async with simulated_discord() as sim:
        yield stage_of(sim)


@pytest.fixture
async def up(stage: Stage) -> AsyncIterator[Stage]:
    """The bot is logged in and ready."""
    async with stage.running():
        yield stage


@pytest.fixture
async def painted(
    stage: Stage, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Stage, Painter]]:
    """A running bot whose charts are real."""
    painter = Painter(tmp_path_factory.getbasetemp() / "fonts")
    measured(stage)
    async with stage.running(painter=painter):
        yield stage, painter
