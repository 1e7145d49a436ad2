"""Real log files for the tests."""

from __future__ import annotations

import time
from pathlib import Path

from opsbot.logs.feed import Format, Hit, LogFeed
from opsbot.logs.files import FileLogFeeds
from opsbot.logs.formats import PythonFormat
from opsbot.testing import VirtualClock


def line(level: str = "INFO", message: str = "hello", logger: str = "src.main", ago: float = 0.0) -> str:
    """A line in the guide's format, written `ago` seconds before the virtual clock's start."""
    wall = VirtualClock().now().wall - ago
    stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(wall))
    return f"{stamp},123 - {logger} - {level} - {message}\n"


def write(path: Path, *lines: str) -> None:
    """Appends to the log."""
    with path.open("a", newline="") as log:
        log.writelines(lines)


class Log:
    """A log in a folder, and its feed."""

    def __init__(self, folder: Path, *, one_shot: bool = False, line_format: Format | None = None) -> None:
        self.path = folder / "bot.log"
        self.clock = VirtualClock()
        self.hits: list[Hit] = []
        self.feeds = FileLogFeeds(self.clock, one_shot=one_shot)
        self.feed: LogFeed = self.feeds.open(self.path, line_format or PythonFormat())
        self._shares = [self.feed.subscribe({})]

    def want(self, **patterns: str) -> None:
        """Subscribes."""
        self._shares.append(self.feed.subscribe(patterns, self.hits.append))

    def write(self, *lines: str) -> None:
        """Appends to the log."""
        write(self.path, *lines)

    def rotate(self, keep: int = 5) -> None:
        """Renames bot.log to bot.log.1, that to bot.log.2 and so on; nothing takes its place yet."""
        for number in range(keep, 0, -1):
            old = self.path.with_name(f"bot.log.{number}")
            if old.exists():
                old.rename(self.path.with_name(f"bot.log.{number + 1}"))
        self.path.rename(self.path.with_name("bot.log.1"))

    @property
    def messages(self) -> list[str]:
        """The messages of all hits."""
        return [hit.record.message for hit in self.hits]
