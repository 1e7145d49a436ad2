"""What opsbot looks at in a runbook, and what it makes of it: real logs, real checks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from opsbot import __version__
from opsbot.domain.walk import Mark
from opsbot.runtime.asked.walks import Walks
from tests.bound import BOUND
from tests.runbooks.opsbot_with import Service, asked, opsbot, service

Stage = tuple[Service, Walks]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with service(tmp_path) as on, opsbot(on) as runtime:
        yield on, runtime.ops.walks


async def test_a_check_is_named_by_its_name_or_its_kind(stage: Stage) -> None:
    for name in ("health", "http"):
        mark, evidence = await asked(*stage, f"check {name}")
        assert (mark, evidence[:25]) == (Mark.FINE, "Health Endpoint: HTTP 200")


async def test_a_check_sees_what_is_so_now(stage: Stage) -> None:
    on, _ = stage
    await asked(*stage, "check http")
    on.status = 503
    mark, evidence = await asked(*stage, "check http")
    assert mark is Mark.WRONG
    assert "HTTP 503" in evidence


async def test_a_check_that_the_target_has_not_says_which_it_has(stage: Stage) -> None:
    mark, evidence = await asked(*stage, "check gateway")
    assert (mark, evidence) == (Mark.UNSURE, "shop has no check gateway (it has health, log, disk, port)")


async def test_lines_that_must_be_there(stage: Stage) -> None:
    mark, evidence = await asked(*stage, 'log "Bot is ready" since=start expect=some')
    assert mark is Mark.FINE
    assert evidence.startswith(
        "1 line in all that is kept, the newest: 2026-01-05 15:00:00,000 - shop - INFO"
    )
    mark, evidence = await asked(*stage, 'log "Synced.*commands" since=all expect=some')
    assert (mark, evidence) == (Mark.WRONG, "no line in all that is kept")


async def test_lines_that_must_not_be_there(stage: Stage) -> None:
    on, _ = stage
    assert (await asked(*stage, 'log "rate limit" since=1h case=any'))[0] is Mark.FINE
    with on.log.open("a") as log:
        log.write(
            time.strftime(
                "%Y-%m-%d %H:%M:%S,000 - shop - ERROR - Rate limit, key sk-or-v1-0123456789abcdef\n"
            )
        )
    mark, evidence = await asked(*stage, 'log "rate limit" since=1h case=any')
    assert mark is Mark.WRONG
    assert evidence.startswith("1 line in the last 1 h, the newest: ")
    assert "0123456789abcdef" not in evidence
    assert (await asked(*stage, 'log "rate limit" since=1h'))[0] is Mark.FINE


async def test_what_is_older_than_the_window_does_not_count(stage: Stage) -> None:
    assert (await asked(*stage, 'log "Bot is ready" since=1h expect=some'))[0] is Mark.WRONG


async def test_a_log_that_is_not_there_says_so(stage: Stage) -> None:
    stage[0].log.unlink()
    mark, evidence = await asked(*stage, "log x")
    assert mark is Mark.UNSURE
    assert "does not exist" in evidence


async def test_a_metric_is_looked_at_now_and_held_against_its_limit(stage: Stage) -> None:
    on, _ = stage
    mark, evidence = await asked(*stage, "metric health_response_seconds below=1h")
    assert mark is Mark.FINE
    assert evidence.endswith("should be below 1 h")
    mark, evidence = await asked(*stage, "metric log_size_bytes above=1GB")
    assert (mark, evidence) == (Mark.WRONG, f"Log size {on.log.stat().st_size} B, should be above 1 GB")


async def test_a_counter_is_what_was_counted_in_the_window(stage: Stage) -> None:
    mark, evidence = Mark.UNSURE, ""
    async with asyncio.timeout(BOUND):
        while mark is Mark.UNSURE:  # it takes two looks, and they are written in batches
            await asked(*stage, "check log")
            mark, evidence = await asked(*stage, "metric log_errors_total over=5m below=1")
    assert (mark, evidence) == (Mark.FINE, "Errors in log 0 in the last 5 min, should be below 1")


async def test_a_metric_that_is_not_there_says_which_was_meant(stage: Stage) -> None:
    mark, evidence = await asked(*stage, "metric log_sise_bytes below=1")
    assert mark is Mark.UNSURE
    assert "did you mean log_size_bytes" in evidence


async def test_a_port_without_a_supervisor_is_what_its_check_sees(stage: Stage) -> None:
    mark, evidence = await asked(*stage, "port")
    assert mark is Mark.FINE
    assert str(stage[0].port) in evidence


async def test_restarts_disk_and_versions(stage: Stage) -> None:
    assert await asked(*stage, "restarts") == (Mark.FINE, "not started anew in the last 1 h (at most 3)")
    assert (await asked(*stage, "disk"))[0] is Mark.FINE
    assert (await asked(*stage, "disk free=1KB"))[0] is Mark.FINE
    mark, evidence = await asked(*stage, "disk free=900TB")
    assert mark is Mark.WRONG
    assert evidence.endswith("should be at least 900 TB")
    mark, evidence = await asked(*stage, "versions")
    assert mark is Mark.FINE
    assert evidence.startswith(f"shop 2.1.0; opsbot {__version__} on Python 3.")


async def test_what_opsbot_does_not_ask_it_does_not_know(stage: Stage) -> None:
    mark, evidence = await asked(*stage, "reach")
    assert (mark, evidence) == (Mark.UNSURE, "this opsbot does not ask how Discord is (see `outages`)")
