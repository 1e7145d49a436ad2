"""With which checks a target is watched closely."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from opsbot.clock import SystemClock
from opsbot.config.load import load
from opsbot.domain.target import CheckSpec
from opsbot.logs.files import FileLogFeeds
from opsbot.reloading.close_up import close_up_of, closely

FILE = """
targets:
  bot:
    checks:
      process: {type: process, command: "python -m src.main"}
      health: {type: http, url: "http://127.0.0.1:9/health"}
      summarize: {type: http, url: "http://127.0.0.1:9/summarize", prefix: summarize, json: {messages: []}}
      log: {type: log, path: bot.log}
      gateway: {type: gateway, path: bot.log}
      sockets: {type: sockets}
      port: {type: port, port: 9}
      disk: {type: disk}
      openrouter: {type: upstream, path: bot.log, probe: {url: "http://127.0.0.1:9/"}}
"""


def specs(folder: Path) -> tuple[CheckSpec, ...]:
    file = folder / "opsbot.yml"
    file.write_text(FILE)
    (target,) = load(file, {}).targets
    return target.checks


def test_what_does_something_and_what_sees_nothing_more_is_left_out(tmp_path: Path) -> None:
    chosen = [found for spec in specs(tmp_path) if (found := closely(spec)) is not None]
    assert {spec.name for spec in chosen} == {
        "process", "health", "log", "gateway", "sockets", "port", "openrouter",
    }  # fmt: skip
    assert next(spec for spec in chosen if spec.kind == "upstream").options.probe is None


async def test_every_kind_of_check_can_look_closely(tmp_path: Path) -> None:
    file = tmp_path / "opsbot.yml"
    file.write_text(FILE)
    clock = SystemClock()
    feeds = FileLogFeeds(clock)
    processes = SimpleNamespace(current=lambda _: None)
    house: Any = SimpleNamespace(clock=clock, feeds=feeds, runtime=SimpleNamespace(processes=processes))
    looks = close_up_of(house, load(file, {}).targets)("bot")
    for spec, check in looks:
        seen = await check.look()
        assert "broke" not in seen.detail, spec.name
        await check.close()
    await feeds.close()
