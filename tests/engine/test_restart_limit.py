"""How many restarts the limit leaves is told when it matters."""

from __future__ import annotations

import pytest

from opsbot.domain.rule import RestartPolicy
from tests.engine.test_repair import succeed, watched


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (1, [" (automatic restart 1 within an hour, the last that the limit of 1 allows)"]),
        (
            3,
            [
                "",
                " (automatic restart 2 within an hour, of at most 3)",
                " (automatic restart 3 within an hour, the last that the limit of 3 allows)",
            ],
        ),
        (100, ["", " (automatic restart 2 within an hour)", " (automatic restart 3 within an hour)"]),
    ],
)
def test_the_limit_of_restarts_is_told_when_it_is_near(limit: int, said: list[str]) -> None:
    drive = watched(RestartPolicy(max_per_hour=limit))
    found = []
    for _ in said:
        drive.crashes()
        if not drive.state.actions:
            drive.tick(drive.due_in() or 0.0)
        found.append(drive.incident.doing)
        succeed(drive)
    assert found == [f"Restarting it{text}" for text in said]
