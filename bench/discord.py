"""The simulated Discord as a process of its own, and opsbot pointed at it."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TOKEN = "bench"
START_SECONDS = 60.0


@dataclass
class Discord:
    """The running simulation: its addresses and ids, and every request with its CLOCK_MONOTONIC time."""

    facts: dict[str, Any]
    requests: queue.Queue[dict[str, Any]] = field(default_factory=queue.Queue)

    def wait_for(self, method: str, part: str, after: float, seconds: float = 30.0) -> dict[str, Any]:
        """The first request of that kind that arrived after a moment of CLOCK_MONOTONIC."""
        deadline = time.monotonic() + seconds
        while True:
            request = self.requests.get(timeout=max(0.01, deadline - time.monotonic()))
            if request["method"] == method and part in request["path"] and request["at"] > after:
                return request


@contextmanager
def discord_process() -> Iterator[Discord]:
    """Runs `python -m opsbot.demo.discord_sim` while the context lasts."""
    command = [sys.executable, "-m", "opsbot.demo.discord_sim", "--port", "0", "--token", TOKEN]
    with subprocess.Popen([*command, "--no-rate-limits"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        discord = Discord(json.loads(process.stdout.readline()))
        lines = process.stdout

        def read() -> None:
            for line in lines:
                discord.requests.put(json.loads(line))

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        try:
            yield discord
        finally:
            process.terminate()
            process.wait()
            reader.join()


@contextmanager
def opsbot_process(discord: Discord, config: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Runs `opsbot run` against the simulation while the context lasts; yields when the bot is logged in."""
    command = [sys.executable, "-m", "bench.launch", discord.facts["rest_url"], discord.facts["gateway_url"]]
    began = time.monotonic()
    log = (config.parent / "opsbot.log").open("wb")
    with (
        log,
        subprocess.Popen([*command, "run", "-c", str(config)], stderr=log, env=environment()) as process,
    ):
        try:
            discord.wait_for("PUT", "/commands", began, START_SECONDS)
            yield process
        finally:
            process.terminate()
            process.wait()


def environment() -> dict[str, str]:
    """This process's environment with the simulation's token; modules are compiled once, as an installed
    opsbot's are."""
    usual = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**usual, "OPSBOT_DISCORD_TOKEN": TOKEN}


def discord_section(discord: Discord) -> str:
    """The configuration's section `discord` for the simulated server."""
    facts = discord.facts
    roles = facts["roles"]
    return (
        f"discord:\n  guild: {facts['guild']}\n  ops_channel: {facts['channels']['ops']}\n"
        f"  roles: {{viewer: {roles['viewer']}, operator: {roles['operator']}, admin: {roles['admin']}}}\n"
    )
