"""A log in the guide's format, its archives, and the guide's own recipes run on it."""

from __future__ import annotations

import gzip
import random
import subprocess
import time
from pathlib import Path
from typing import Any

from opsbot.analysis.budget import Budget
from opsbot.analysis.scan import Subject, look
from opsbot.domain.logs import LogLook, Question, Topic
from opsbot.domain.rotation import LogSpec
from opsbot.logs.formats import PythonFormat
from tests.bound import BOUND

DAY = 86_400.0
HOSTS = ("openrouter.ai",)
CALL = 'httpx - INFO - HTTP Request: POST https://openrouter.ai/api/v1/chat/completions "HTTP/1.1 {}"'


def stamp(wall: float) -> str:
    """As Python's logging writes it."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(wall)) + ",123"


def guide_lines(count: int, end: float, seconds: float = DAY, seed: int = 5) -> list[str]:
    """Lines up to `end`, spread over so many seconds before it."""
    rng = random.Random(seed)
    return [f"{stamp(end - seconds * (count - n) / count)} - {_line(rng)}" for n in range(count)]


def _line(rng: random.Random) -> str:
    kind, channel = rng.random(), rng.choice(["general", "dev", "off-topic"])
    if kind < 0.04:
        error = rng.choice(["APIError", "ConnectionError", "TimeoutError", "something odd"])
        where = rng.choice(["main", "client"])
        return f"src.{where} - ERROR - Failed to summarize channel={channel}: {error}: no"
    if kind < 0.08:
        return "discord.gateway - WARNING - Shard ID None heartbeat blocked"
    if kind < 0.3:
        return CALL.format(rng.choice(["200 OK"] * 4 + ["502 Bad Gateway", "429 Too Many Requests"]))
    if kind < 0.4:
        return f"src.perf - INFO - response_time {rng.uniform(0.1, 4):.2f}"
    user = rng.choice(["ada", "linus"])
    return f"src.engine - INFO - create_summary channel={channel} user={user} messages={rng.randrange(90)}"


class Place:
    """`bot.log` in a folder, with archives."""

    def __init__(self, folder: Path, **subject: Any) -> None:
        self.log = LogSpec(folder / "bot.log", folder / "logs" / "archive", "bot")
        parts: dict[str, Any] = {"format": PythonFormat(), "hosts": HOSTS} | subject
        self.subject = Subject("summarybot", "Summary Bot NG", self.log, **parts)

    def write(self, lines: list[str]) -> None:
        self.log.path.write_text("".join(f"{line}\n" for line in lines))

    def archive(self, lines: list[str], at: float) -> Path:
        """As rotation names it."""
        self.log.archive_dir.mkdir(parents=True, exist_ok=True)
        path = self.log.archive_dir / time.strftime("bot_%Y%m%d_%H%M%S.log.gz", time.localtime(at))
        path.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode()))
        return path

    def ask(self, topic: Topic, seconds: float = 60, most_bytes: int = 1 << 30, **more: Any) -> LogLook:
        return look(self.subject, Question(topic, **more), Budget(seconds, most_bytes))

    def recipe(self, script: str) -> str:
        """What the guide's recipe prints in the log's folder."""
        done = subprocess.run(
            ["bash", "-c", script.replace("summarybot.log", "bot.log")],
            cwd=self.log.path.parent, capture_output=True, text=True, timeout=BOUND, check=False,
        )  # fmt: skip
        return done.stdout


def table(counted: str) -> dict[str, int]:
    """What `uniq -c` printed."""
    rows = [line.split(None, 1) for line in counted.splitlines()]
    return {row[1]: int(row[0]) for row in rows}
