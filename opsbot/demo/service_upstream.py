"""The stand-in's summaries and the OpenRouter calls behind them: their log lines, no network."""

import logging
import random
import threading
from contextlib import suppress
from http import HTTPStatus

from opsbot.demo.faults import Fault
from opsbot.demo.service_board import FaultBoard

URL = "https://openrouter.ai/api/v1/chat/completions"
MODEL = "anthropic/claude-3.5-sonnet"
CHANNELS = ("general", "dev", "support", "off-topic")
USERS = ("ada", "grace", "linus", "margaret")
FIRST_CALL_SECONDS = 0.5
"""The first call comes soon after the start, so that "last success" is known early."""
JITTER = 0.2

_httpx = logging.getLogger("httpx")
_client = logging.getLogger("src.summarization.claude_client")
_engine = logging.getLogger("src.summarization.engine")


class UpstreamError(Exception):
    """OpenRouter did not answer 200; the message is its status line."""


class Upstream:
    """Writes what a call of OpenRouter leaves in the log. Safe to use from any thread."""

    def __init__(self, board: FaultBoard, rng: random.Random) -> None:
        self._board = board
        self._rng = rng
        self._lock = threading.Lock()
        self._failures = 0

    def create_summary(self, took: float, messages: int | None = None) -> None:
        """Log one summary that took `took` seconds; raise UpstreamError while OpenRouter is down."""
        with self._lock:
            channel, user = self._rng.choice(CHANNELS), self._rng.choice(USERS)
            count = self._rng.randint(10, 90) if messages is None else messages
            status = self._status()
        # The same template and level as httpx (its logger is "httpx").
        line = f"HTTP/1.1 {status.value} {status.phrase}"
        _httpx.info('HTTP Request: POST %s "%s"', URL, line)
        if status is not HTTPStatus.OK:
            _log_failure(status, channel, user)
            raise UpstreamError(f"{status.value} {status.phrase}")
        template = "create_summary channel=%s user=%s messages=%d response_time=%.2f"
        _engine.info(template, channel, user, count, took)

    def random_between(self, low: float, high: float) -> float:
        """A number from the service's own seeded source."""
        with self._lock:
            return self._rng.uniform(low, high)

    def random_duration(self, middle: float) -> float:
        """Seconds that a summary takes: from half of `middle` to one and a half of it."""
        return self.random_between(0.5 * middle, 1.5 * middle)

    def _status(self) -> HTTPStatus:
        if self._board.get(Fault.UPSTREAM_DOWN) is None:
            self._failures = 0
            return HTTPStatus.OK
        self._failures += 1
        return HTTPStatus.BAD_GATEWAY if self._failures % 2 else HTTPStatus.TOO_MANY_REQUESTS


def _log_failure(status: HTTPStatus, channel: str, user: str) -> None:
    if status is HTTPStatus.TOO_MANY_REQUESTS:
        _client.warning("OpenRouter rate limit reached, retrying in 2.0s")
        return
    template = "Failed to summarize channel=%s user=%s: APIError: openrouter.ai answered %d %s"
    _client.error(template, channel, user, status.value, status.phrase)


def run_traffic(upstream: Upstream, every: float, middle: float, stopping: threading.Event) -> None:
    """Log a summary about every `every` seconds (± 20 %) until `stopping` is set."""
    pause = min(every, FIRST_CALL_SECONDS)
    while not stopping.wait(pause):
        with suppress(UpstreamError):  # already in the log, which is all that this is for
            upstream.create_summary(upstream.random_duration(middle))
        pause = every * upstream.random_between(1 - JITTER, 1 + JITTER)
