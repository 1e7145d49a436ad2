"""opsbot is killed (-9) at random moments of restarts, from outside; `python -m bench kills` is longer."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from bench.kills import measure

PARTS, ROUNDS = 10, 5


@pytest.mark.parametrize("part", range(PARTS))
def test_after_a_kill_at_a_random_moment_of_a_restart_exactly_one_target_runs(
    tmp_path: Path, part: int
) -> None:
    seed = random.getrandbits(32) + part  # a failure says it; `python -m bench.kills 5 SEED` repeats it
    tally = measure(tmp_path, ROUNDS, seed)
    assert tally.good == ROUNDS, tally.report()
