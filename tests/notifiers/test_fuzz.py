"""Whatever an incident holds, every receiver takes what is told of it, and nobody is pinged who is not meant.

`python -m bench.fuzz` does the same with 10,000 incidents.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsbot import registry
from opsbot.domain.incident import Incident
from tests.draw.samples import incidents, patient
from tests.notifiers.drawn import DRAWN

EXAMPLES = 120


def test_every_kind_is_judged() -> None:
    assert set(DRAWN) == set(registry.kinds("opsbot.notifiers"))


@pytest.mark.parametrize("kind", DRAWN)
@pytest.mark.timeout(timedelta(minutes=5).total_seconds())
def test_every_receiver_takes_what_is_told_of_any_incident(kind: str) -> None:
    with asyncio.Runner() as runner:

        @settings(patient, max_examples=EXAMPLES)
        @given(incidents(), st.floats(0, 1e9))
        def told(incident: Incident, late: float) -> None:
            assert runner.run(DRAWN[kind](kind, incident, late))

        told()
