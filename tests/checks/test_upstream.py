"""The upstream check."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from opsbot.checks.base import Check
from opsbot.checks.upstream import Options, metrics
from opsbot.domain.levels import Outcome
from opsbot.domain.sample import Observation
from opsbot.testing import VirtualClock
from tests.checks import servers
from tests.checks.servers import serve
from tests.checks.support import build, context, lines, look, only
from tests.logs.support import line, write

URL = "https://openrouter.ai/api/v1/chat/completions"


def call(status: str, ago: float = 0.0) -> str:
    """What httpx writes of a call."""
    return line("INFO", f'HTTP Request: POST {URL} "HTTP/1.1 {status}"', "httpx", ago)


GOOD = call("200 OK")
BAD = call("502 Bad Gateway")
SAID = line("ERROR", "Failed to summarize: APIError: openrouter.ai answered 502 Bad Gateway")


class Upstream:
    """A check and its log."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.path = folder / "bot.log"
        self.clock = VirtualClock()
        self.check: Check = build("upstream", context(clock=self.clock), path=self.path, **options)

    async def after(self, *written: str) -> Observation:
        write(self.path, *written)
        return await self.check.look()


@pytest.fixture
async def upstream(tmp_path: Path) -> AsyncIterator[Upstream]:
    made = Upstream(tmp_path)
    yield made
    await made.check.close()


async def test_the_last_success_is_told_as_in_the_guides_report(upstream: Upstream) -> None:
    seen = await upstream.after(call("200 OK", ago=30))
    assert lines(seen) == [("ok", "OpenRouter API", f"Last success: {call('200 OK', ago=30)[:19]}")]
    assert seen.metrics["openrouter_last_success_age_seconds"] == pytest.approx(30, abs=1)
    assert seen.metrics["openrouter_successes_total"] == 0, "it was before the first look"


async def test_a_failed_call_counts_once_whatever_is_said_about_it_afterwards(upstream: Upstream) -> None:
    await upstream.after(GOOD)
    seen = await upstream.after(GOOD, BAD, SAID)
    assert seen.metrics["openrouter_errors_total"] == 1
    assert seen.metrics["openrouter_successes_total"] == 1
    assert seen.outcome is Outcome.DEGRADED
    assert "success rate 66.7% (2 of 3 in the last hour)" in only(seen).text


@pytest.mark.parametrize(
    "name", ["ConnectError", "ReadTimeout", "APIConnectionError", "asyncio.TimeoutError"]
)
async def test_a_call_without_any_answer_counts_by_its_exception(upstream: Upstream, name: str) -> None:
    seen = await upstream.after(GOOD)
    seen = await upstream.after(line("ERROR", f"OpenRouter call failed: {name}: no route"))
    assert seen.metrics["openrouter_errors_total"] == 1


async def test_several_failures_in_a_row_fail_and_a_success_ends_it(upstream: Upstream) -> None:
    await upstream.after(GOOD)
    assert (await upstream.after(BAD, BAD)).outcome is Outcome.DEGRADED
    seen = await upstream.after(BAD)
    assert seen.outcome is Outcome.FAIL
    assert "the last 3 calls failed" in only(seen).text
    assert "502 Bad Gateway" in seen.detail
    assert (await upstream.after(GOOD)).outcome is Outcome.OK


async def test_the_success_rate_is_of_the_last_hour(upstream: Upstream) -> None:
    await upstream.after(BAD, GOOD)
    await upstream.clock.advance(3700)
    seen = await upstream.after(line())
    assert "success rate" not in only(seen).text


async def test_no_call_at_all_is_unknown(upstream: Upstream) -> None:
    seen = await upstream.after(line(message="openrouter key loaded"))
    assert seen.outcome is Outcome.UNKNOWN


async def test_another_upstream_has_its_own_names_and_patterns(tmp_path: Path) -> None:
    other = Upstream(tmp_path, name="weather", success="weather ok", failure="weather bad")
    await other.after(line())
    seen = await other.after(line(message="weather ok"), line(message="weather bad"), GOOD)
    await other.check.close()
    assert (seen.metrics["weather_successes_total"], seen.metrics["weather_errors_total"]) == (1, 1)
    assert only(seen).label == "Weather API"


async def test_a_probe_asks_the_service_itself(tmp_path: Path) -> None:
    given = context(one_shot=True)
    path = tmp_path / "none.log"
    async with serve(servers.answer({"data": []})) as served:
        good = await look(
            "upstream", given, path=path, probe={"url": served.url, "expect": {"json": {"data": []}}}
        )
    async with serve(servers.answer({}, "401 Unauthorized")) as served:
        bad = await look("upstream", given, path=path, probe={"url": served.url})
    assert lines(good)[1] == ("ok", "OpenRouter API Probe", "HTTP 200, asked by opsbot")
    assert lines(bad)[1] == ("fail", "OpenRouter API Probe", "HTTP 401")
    assert (good.metrics["openrouter_probe_up"], bad.metrics["openrouter_probe_up"]) == (1, 0)
    assert bad.outcome is Outcome.FAIL
    options = Options(path=path, probe={"url": "http://x/"})
    assert set(good.metrics) | {"openrouter_last_success_age_seconds"} == set(metrics(options))
