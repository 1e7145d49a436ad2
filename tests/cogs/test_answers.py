"""What each command answers to whoever may ask."""

from __future__ import annotations

import asyncio
import logging
import re

import pytest

from opsbot.domain.health import HealthReport, Section
from opsbot.domain.levels import Outcome
from opsbot.domain.metrics import MetricsReport, MetricSummary
from opsbot.domain.sample import Finding
from opsbot.errors import Refused, UsageError
from opsbot.runtime.port import TargetInfo
from tests.cogs.stage import CLOCK, Stage, incident, said

TWO = (TargetInfo("summarybot", "Summary Bot NG", running=True), TargetInfo("web", "The site"))


async def test_health_draws_the_sections_for_everybody_to_see(up: Stage) -> None:
    finding = Finding(Outcome.FAIL, "Health Endpoint", "HTTP 503")
    sections = (Section("Health API", (finding,)),)
    up.operations.reports["summarybot"] = HealthReport("summarybot", "Summary Bot NG", CLOCK.now(), sections)
    result = await up.world.vera.slash(up.world.ops, "health", target="summarybot")
    assert "1. Health API" in said(result)
    assert "✗ Health Endpoint: FAILED (HTTP 503)" in said(result)
    assert not result.ephemeral
    assert up.operations.asked("health")[0].detail == "fresh"


async def test_the_only_target_need_not_be_named(up: Stage) -> None:
    await up.world.vera.slash(up.world.ops, "health")
    assert [call.about for call in up.operations.asked("health")] == ["summarybot"]


async def test_with_several_targets_health_lists_them(up: Stage) -> None:
    up.operations.infos = TWO
    result = await up.world.vera.slash(up.world.ops, "health")
    assert "summarybot" in said(result)
    assert "The site" in said(result)


async def test_with_several_targets_other_commands_ask_which(up: Stage) -> None:
    up.operations.infos = TWO
    result = await up.world.otto.slash(up.world.ops, "resume")
    assert "say which" in said(result)
    assert "summarybot, web" in said(result)
    assert result.ephemeral


async def test_an_unknown_target_is_answered_with_the_nearest_one(up: Stage) -> None:
    result = await up.world.vera.slash(up.world.ops, "health", target="sumarybot")
    assert "did you mean summarybot?" in said(result)
    assert result.ephemeral


async def test_metrics_shows_values_over_the_asked_window(up: Stage) -> None:
    cpu = MetricSummary("cpu_percent", 12.0, 10.0, 1.0, 50.0, (1.0, 50.0, 12.0))
    up.operations.numbers["summarybot"] = MetricsReport("summarybot", "Bot", CLOCK.now(), 0.0, 900.0, (cpu,))
    result = await up.world.vera.slash(up.world.ops, "metrics", window="15m")
    assert "avg 10% · min 1% · max 50%" in said(result)
    assert up.operations.asked("metrics")[0].detail == "900"


@pytest.mark.parametrize("window", ["soon", "0m", "367d", "１h", "1h; rm"])
async def test_a_window_that_is_none_is_explained(up: Stage, window: str) -> None:
    result = await up.world.vera.slash(up.world.ops, "metrics", window=window)
    assert "such as 15m, 1h or 24h" in said(result)
    assert not up.operations.asked("metrics")


async def test_pause_and_resume_hold_and_free_the_automation(up: Stage) -> None:
    result = await up.world.otto.slash(up.world.ops, "pause", minutes=30, reason="deploy")
    assert "paused" in said(result)
    assert not result.ephemeral
    call = up.operations.asked("pause")[0]
    assert call.actor is not None
    assert (call.detail, call.actor.name) == ("1800 deploy", "Otto (operator)")
    result = await up.world.otto.slash(up.world.ops, "resume", target="summarybot")
    assert "goes on" in said(result)
    result = await up.world.otto.slash(up.world.ops, "resume", target="summarybot")
    assert "was not paused" in said(result)


async def test_incidents_lists_the_open_ones(up: Stage) -> None:
    result = await up.world.vera.slash(up.world.ops, "incidents list")
    assert "No open incidents" in said(result)
    up.operations.known[7] = incident(7)
    result = await up.world.vera.slash(up.world.ops, "incidents list")
    assert "#7 P1" in said(result)


async def test_the_loops_are_listed_paused_resumed_and_run(up: Stage) -> None:
    assert "**health** every 1 min" in said(await up.world.vera.slash(up.world.ops, "monitoring list"))
    for verb in ("pause", "resume", "run"):
        result = await up.world.otto.slash(up.world.ops, f"monitoring {verb}", loop="logs")
        assert "logs" in said(result)
        assert up.operations.asked(f"{verb}_loop")[0].about == "logs"


async def test_autocomplete_offers_targets_windows_and_loops(up: Stage) -> None:
    up.operations.infos = TWO
    otto, channel = up.world.otto, up.world.ops
    offered = await otto.autocomplete(channel, "health", "target", "SITE")
    assert [choice["value"] for choice in offered] == ["web"]
    offered = await otto.autocomplete(channel, "metrics", "window", "1")
    assert [choice["value"] for choice in offered] == ["15m", "1h"]
    assert await otto.autocomplete(channel, "metrics", "interval", "5") == [{"name": "5s", "value": "5s"}]
    offered = await otto.autocomplete(channel, "monitoring run", "loop", "log")
    assert [choice["value"] for choice in offered] == ["logs"]


@pytest.mark.parametrize("error", [UsageError("Say it otherwise."), Refused("Not now: a deploy.")])
async def test_a_refusal_of_the_operation_is_told_to_the_asker_alone(up: Stage, error: UsageError) -> None:
    up.operations.fails["health"] = error
    result = await up.world.vera.slash(up.world.ops, "health")
    assert str(error) in said(result)
    assert all(f.ephemeral for f in result.followups)
    assert up.sim.messages(up.world.ops) == []


async def test_a_mistake_of_opsbot_is_told_by_an_id_and_explained_in_the_log(
    up: Stage, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    up.operations.fails["metrics"] = ZeroDivisionError("secret detail")
    with caplog.at_level(logging.DEBUG):
        result = await up.world.vera.slash(up.world.ops, "metrics")
    number = said(result).rsplit("error id ", 1)[1].split(".")[0]
    assert "secret detail" not in said(result)
    logged = capsys.readouterr().out + caplog.text
    assert number in logged
    assert "ZeroDivisionError" in logged


async def test_what_people_type_does_nothing_in_the_answer(up: Stage) -> None:
    result = await up.world.otto.slash(
        up.world.ops, "pause", minutes=5, reason="@everyone [x](https://evil.example) `"
    )
    assert "@everyone" not in said(result)
    assert re.search(r"(?<!\\)\[x\]\(https:/", said(result)) is None, "a masked link"
    assert all(ping.nobody for ping in up.sim.pings)


async def test_a_slow_answer_is_announced_within_the_three_seconds(up: Stage) -> None:
    up.operations.held["health"] = asyncio.Event()
    with up.sim.env.in_a_hurry():
        result = await up.world.vera.slash(up.world.ops, "health")
    assert result.acknowledged
    assert said(result).strip() == ""
    up.operations.held["health"].set()
    await up.sim.wait_for(lambda: "all is well" in said(result) or "not all is known" in said(result))
