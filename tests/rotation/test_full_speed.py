"""A service writes as fast as it can while its log is rotated again and again (the long run: `bench`)."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsbot.rotation import _cut
from opsbot.rotation.base import Way
from tests.rotation.desk import needs_cutting
from tests.rotation.quick import GROWTH, ROTATIONS, Quick


@pytest.mark.parametrize(
    ("kind", "way"),
    [("stdout", Way.KEEPER), ("watched", Way.REOPEN), ("signal", Way.REOPEN), ("file", Way.COLLAPSE)],
)
async def test_every_line_is_there_once_and_was_followed_once(tmp_path: Path, kind: str, way: Way) -> None:
    if way is Way.COLLAPSE:
        needs_cutting(tmp_path)
    outcome = await Quick(kind, tmp_path).run(ROTATIONS)
    assert dict(outcome.ways) == {way: ROTATIONS}
    assert outcome.written > ROTATIONS * GROWTH / 100
    assert outcome.exact, outcome


async def test_a_writer_that_does_not_append_loses_nothing_where_its_log_can_be_emptied_in_place(
    tmp_path: Path,
) -> None:
    needs_cutting(tmp_path)
    outcome = await Quick("overwriting", tmp_path).run(ROTATIONS)
    assert dict(outcome.ways) == {Way.TRUNCATE: ROTATIONS}
    assert outcome.exact, outcome
    assert set(outcome.windows) == {0.0}


@pytest.mark.parametrize("kind", ["appending", "overwriting"])
async def test_what_a_truncated_log_loses_was_written_in_the_window_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(_cut, "abilities", lambda *_: _cut.NONE)
    outcome = await Quick(kind, tmp_path).run(ROTATIONS)
    assert outcome.covered, outcome
    assert (outcome.doubled, outcome.broken) == (0, 0)
    assert outcome.seen == outcome.written - len(outcome.gone)
    assert all(window > 0 for window in outcome.windows)
