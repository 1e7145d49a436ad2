"""The log check."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from opsbot.checks.log import MEGABYTE, Options, metrics
from opsbot.domain.levels import Outcome
from opsbot.testing import VirtualClock
from tests.checks.support import build, context, lines, look
from tests.logs.support import line, write


async def test_size_and_counts_are_told(tmp_path: Path) -> None:
    log = tmp_path / "bot.log"
    write(log, line())
    check = build("log", context(clock=VirtualClock()), path=log, patterns={"summaries": "create_summary"})
    await check.look()
    write(log, line("ERROR"), line("CRITICAL"), line("WARNING"), line(message="create_summary x=1"))
    seen = await check.look()
    await check.close()
    assert seen.outcome is Outcome.OK
    assert seen.metrics == {
        "log_size_bytes": log.stat().st_size,
        "log_lines_total": 4,
        "log_errors_total": 2,
        "log_warnings_total": 1,
        "log_lost_bytes_total": 0,
        "log_summaries_total": 1,
    }
    (size, errors, warnings) = lines(seen)
    assert size == ("ok", "Log Size", "0KB")
    assert errors[1] == "Log Errors"
    assert errors[2].startswith("2 since 2026-01-0")
    assert warnings[2].startswith("1 since ")


@pytest.mark.parametrize(("megabytes", "outcome"), [(15, "ok"), (100, "degraded"), (500, "fail")])
async def test_the_size_is_judged_as_in_the_alert_file(tmp_path: Path, megabytes: int, outcome: str) -> None:
    log = tmp_path / "bot.log"
    with log.open("wb") as sparse:
        sparse.write(b"begins with data\n")  # a hole at its head is not the log's
        sparse.truncate(megabytes * MEGABYTE)
    seen = await look("log", context(one_shot=True), path=log)
    assert lines(seen)[0] == (outcome, "Log Size", f"{megabytes}MB")


async def test_one_look_says_what_its_counts_cover(tmp_path: Path) -> None:
    log = tmp_path / "bot.log"
    write(log, line("ERROR") * 30_000)
    seen = await look("log", context(one_shot=True), path=log)
    assert lines(seen)[1][2].endswith(" in its last 1024KB")
    assert 0 < seen.metrics["log_errors_total"] < 30_000


async def test_a_missing_log_is_a_warning_and_an_unusable_one_an_error(tmp_path: Path) -> None:
    missing = await look("log", path=tmp_path / "none.log")
    assert (missing.outcome, "does not exist" in missing.detail) == (Outcome.DEGRADED, True)
    directory = await look("log", path=tmp_path)
    assert (directory.outcome, "a directory" in directory.detail) == (Outcome.ERROR, True)
    assert missing.metrics["log_errors_total"] == 0


@pytest.mark.parametrize(
    "patterns", [{"errors": "x"}, {"Bad": "x"}, {"good": "("}, {"good": "a(?=b)"}, {"": "x"}]
)
def test_patterns_that_cannot_be_used_are_refused(patterns: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Options(path=Path("x"), patterns=patterns)


def test_each_pattern_has_its_metric() -> None:
    declared = metrics(Options(path=Path("x"), patterns={"rate_limits": "(?i)rate limit"}))
    assert "(?i)rate limit" in declared["log_rate_limits_total"]
