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


@pytest.mark.timeout(timedelta(minutes=15).total_seconds())
def test_every_receiver_takes_what_is_told_of_any_incident() -> None:
    """Each incident is drawn by all: to think of one costs more than to draw it."""
    with asyncio.Runner() as runner:

        @settings(patient, max_examples=EXAMPLES)
        @given(incidents(), st.floats(0, 1e9))
        def told(incident: Incident, late: float) -> None:
            for kind, draw in DRAWN.items():
                try:
                    assert runner.run(draw(kind, incident, late))
                except BaseException as error:
                    error.add_note(f"told by {kind}")
                    raise

        told()
