"""10,000 alerts in a minute: memory, lag, requests at Discord, and whether every alert is counted."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.discord import TOKEN, Discord, discord_section, environment
from bench.hail import ALERTS, TARGETS
from bench.stats import Row, percentile

MB = 2**20
CONFIG = (
    "{discord}\nstate_dir: {folder}/state\nnotifications: {{}}\noutages: {{enabled: false}}\ntargets: {{}}\n"
)
ALONE = "incidents: {reopen_minutes: 0, group_seconds: 0}\n"
"""Each target's trouble is an incident of its own, each time. What is measured are messages, without the
threads, which at Discord's pace take half an hour to hold 20,000 lines."""


@dataclass(frozen=True, slots=True)
class Storm:
    """`requests`: at Discord within the minute; `shown`: alerts that the messages tell of when all is told;
    `lags`: seconds of each look; `rows`: of the outbox at the end of the minute."""

    grown: int
    lags: list[float]
    requests: int
    counted: int
    shown: int
    rows: int
    took: float


def hail(
    discord: Discord, folder: Path, mode: str, module: str = "bench.hail", incidents: str = ALONE
) -> dict[str, Any]:
    """What `bench.hail`, or another one like it, saw."""
    text = CONFIG.format(discord=discord_section(discord), folder=folder)
    if incidents == ALONE:
        text = text.replace("discord:\n", "discord:\n  threads: false\n", 1)
    (folder / "opsbot.yml").write_text(text + incidents)
    facts = discord.facts
    command = [sys.executable, "-m", module, mode, str(folder), facts["rest_url"], facts["gateway_url"]]
    with (folder / "opsbot.log").open("wb") as log:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=log, env=environment(), check=False)
    if done.returncode:
        raise SystemExit(f"{module} failed:\n{(folder / 'opsbot.log').read_text()[-4000:]}")
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return seen


def measure(discord: Discord, folder: Path) -> Storm:
    """One storm."""
    seen = hail(discord, folder, "storm")
    times = []
    while not discord.requests.empty():
        request = discord.requests.get()
        if "/messages" in request["path"]:
            times.append(request["at"])
    within = sum(1 for at in times if seen["began"] <= at < seen["began"] + 60.0)
    shown = sum(_alerts(message) for message in channel_messages(discord))
    return Storm(seen["grown"], seen["lags"], within, seen["counted"], shown, seen["rows"], seen["took"])


def channel_messages(discord: Discord) -> list[dict[str, Any]]:
    """The newest of the ops channel."""
    channel = discord.facts["channels"]["ops"]
    url = f"{discord.facts['rest_url']}/channels/{channel}/messages?limit=100"
    asked = urllib.request.Request(url, headers={"Authorization": f"Bot {TOKEN}"})
    with urllib.request.urlopen(asked, timeout=10) as answer:
        found: list[dict[str, Any]] = json.load(answer)
    return found


def _alerts(message: dict[str, Any]) -> int:
    for embed in message.get("embeds", ()):
        for field in embed.get("fields", ()):
            if field["name"] == "Alerts so far":
                return int(re.sub(r"\D", "", field["value"]))
    return 0


def rows(discord: Discord, folder: Path) -> list[Row]:
    """Rows of the table."""
    seen = measure(discord, folder)
    lag = [1000 * percentile(seen.lags, part) for part in (0.5, 0.99, 1.0)]
    what = f"{ALERTS:,} alerts of {TARGETS} targets in {seen.took:.0f} s"
    late = f"{lag[2]:.0f} ms (p50 {lag[0]:.1f}, p99 {lag[1]:.0f})"
    told = f"{seen.counted:,}; {seen.shown:,}"
    exact = seen.counted == seen.shown == ALERTS
    few = 4 * TARGETS
    return [
        Row(f"{what}: RSS grows by", f"{seen.grown / MB:.0f} MB", "< 50 MB", seen.grown < 50 * MB),
        Row("the event loop is late, at most", late, "< 100 ms", lag[2] < 100),
        Row("requests at Discord in that minute", f"{seen.requests}", "≤ 50", 0 < seen.requests <= 50),
        Row("alerts counted; told in the end", told, f"{ALERTS:,} both", exact),
        Row("rows of the outbox at the end of the minute", f"{seen.rows}", f"≤ {few}", seen.rows <= few),
    ]
