"""1,000 alerts in a minute behind one that is dead: how soon the first is told, how many messages that is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.cascade_hail import ALERTS, PARENT, WHEN
from bench.discord import Discord
from bench.stats import Row
from bench.storm import channel_messages, hail
from opsbot.runtime.desk import EDIT_EVERY

MB = 2**20
MS = 1000.0
MOST_MESSAGES = 5


@dataclass(frozen=True, slots=True)
class Cascade:
    """`first`: seconds from the first commit to its request; `messages`: in the channel, with those that tell
    the end; `edits`: of the channel's messages within the minute; `named`: the cause stands there."""

    first: float
    messages: int
    edits: int
    counted: int
    named: bool
    rows: int
    grown: int
    late: float


def measure(discord: Discord, folder: Path, when: str) -> Cascade:
    """One cascade. What stood in the channel before it is left out."""
    before = {message["id"] for message in channel_messages(discord)}
    seen = hail(discord, folder, when, "bench.cascade_hail", "")
    channel = f"/channels/{discord.facts['channels']['ops']}/messages"
    posts, edits = list[float](), Counter[str]()
    while not discord.requests.empty():
        request = discord.requests.get()
        if request["method"] == "POST" and request["path"].endswith(channel):
            posts.append(request["at"])
        elif request["method"] == "PATCH" and seen["began"] <= request["at"] <= seen["ended"]:
            edits[request["path"]] += channel in request["path"]
    standing = [message for message in channel_messages(discord) if message["id"] not in before]
    return Cascade(
        min(at for at in posts if at >= seen["committed"]) - seen["committed"],
        len(standing),
        edits.total(),
        seen["counted"],
        any(seen["cause"] in text for text in map(_description, standing)) and PARENT in seen["cause"],
        seen["rows"],
        seen["grown"],
        max(seen["lags"]),
    )


def _description(message: dict[str, Any]) -> str:
    return "\n".join(embed.get("description", "") for embed in message.get("embeds", ()))


def rows(discord: Discord, folder: Path) -> list[Row]:
    """Rows of the table."""
    found: list[Row] = []
    for when, before in WHEN.items():
        place = folder / when
        place.mkdir()
        found += _rows(measure(discord, place, when), when, ALERTS + (before >= 0))
    return found


def _rows(seen: Cascade, when: str, alerts: int) -> list[Row]:
    what = f"{ALERTS:,} alerts of 50 targets in a minute, what they depend on is seen dead {when}"
    few = round(60 / EDIT_EVERY) + 8
    return [
        Row(f"{what}: the first is told", f"{MS * seen.first:.0f} ms", "≤ 100 ms", seen.first <= 0.1),
        Row("messages in all", f"{seen.messages}", f"≤ {MOST_MESSAGES}", seen.messages <= MOST_MESSAGES),
        Row("edits in that minute", f"{seen.edits}", f"≤ {few}", seen.edits <= few),
        Row(
            "alerts counted; the cause is named",
            f"{seen.counted:,}; {'yes' if seen.named else 'no'}",
            f"{alerts:,}; yes",
            seen.counted == alerts and seen.named,
        ),
        Row(
            "RSS grows by; rows wait at most",
            f"{seen.grown / MB:.0f} MB; {seen.rows}",
            "< 30 MB; ≤ 8",
            seen.grown < 30 * MB and seen.rows <= 8,
        ),
    ]
