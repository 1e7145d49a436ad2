"""The disk check."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pydantic import ValidationError

from opsbot.checks.disk import Options
from opsbot.domain.levels import Outcome
from tests.checks.support import look, only


async def test_free_space_is_what_the_system_says(tmp_path: Path) -> None:
    seen = await look("disk", path=tmp_path, warning_gb=0, critical_gb=0)
    assert seen.outcome is Outcome.OK
    assert seen.metrics["disk_free_bytes"] == pytest.approx(shutil.disk_usage(tmp_path).free, rel=0.05)
    assert 0 <= seen.metrics["disk_used_percent"] <= 100
    assert "GB free" in only(seen).text


@pytest.mark.parametrize(("warning", "critical", "outcome"), [(1e9, 0, "degraded"), (1e9, 1e9, "fail")])
async def test_too_little_space_is_told(
    tmp_path: Path, warning: float, critical: float, outcome: str
) -> None:
    seen = await look("disk", path=tmp_path, warning_gb=warning, critical_gb=critical)
    assert seen.outcome == outcome


async def test_a_path_that_is_not_there_yet_is_looked_at_from_the_nearest_folder(tmp_path: Path) -> None:
    seen = await look("disk", path=tmp_path / "not" / "yet.log", warning_gb=0, critical_gb=0)
    assert str(tmp_path) in seen.detail


def test_limits_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(ValidationError, match="the less space, the worse"):
        Options(warning_gb=1, critical_gb=2)
