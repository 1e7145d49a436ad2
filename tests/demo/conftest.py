"""The simulated Discord as a fixture; a test that hits a route it does not have fails."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from opsbot.demo.discord_sim import SimulatedDiscord
from tests.sim import simulated_discord


@pytest.fixture
async def sim() -> AsyncIterator[SimulatedDiscord]:
    async with simulated_discord() as discord:
        yield discord
