"""A log in the guide's format, with a known share of each kind of line, and patterns to look for."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path

SIX = {
    "errors": r" - ERROR - ",
    "warnings": r" - WARNING - ",
    "calls": r'openrouter\.ai.*"HTTP/[\d.]+ 2\d\d\b',
    "failed_calls": r'openrouter\.ai.*"HTTP/[\d.]+ [45]\d\d\b',
    "gateway": r"(?i:gateway|ready)",
    "exceptions": r"\b(?:APIError|ConnectionError|TimeoutError)\b",
}
_WORDS = (
    "KeyError", "ValueError", "MemoryError", "RecursionError", "OSError", "Forbidden", "NotFound",
    "HTTPException", "LoginFailure", "PrivilegedIntentsRequired", "database is locked", "disk full",
    "No space left", "out of memory", "Killed process", "Segmentation fault", "certificate verify failed",
    "Connection reset by peer",
)  # fmt: skip
_SHAPES = (
    r"(?i:rate limit)", r"(?i:timed? ?out after \d+)", r"(?i:permission denied)", r"Traceback \(most recent",
    r"^\s+File \"[^\"]+\", line \d+", r"took \d{4,}ms", r"retry(?:ing)? in \d+", r"queue (?:is )?full",
    r"shard \d+ .*disconnect", r"heartbeat blocked for more than", r"Synced \d+ commands", r"channel=0\b",
    r"cache (?:miss|evict)", r"token(?:s)? used: \d+", r"status[= ]5\d\d", r"code[= ]4\d\d",
    r"Normalized model", r"model=\S+ failed", r"\bOOM\b", r"loop (?:is )?stuck", r"infinite",
    r"unclosed (?:session|connector)",
    r"coroutine .* was never awaited", r"deprecat(?:ed|ion)", r"exit(?:ed)? with (?:code )?[1-9]",
    r"SIG(?:TERM|KILL)",
)  # fmt: skip
FIFTY = SIX | {f"more_{number}": pattern for number, pattern in enumerate((*_WORDS, *_SHAPES))}


def write_log(log: Path, size: int) -> dict[str, int]:
    """At least `size` bytes: 2 % ERROR, 4 % WARNING, 4 % upstream calls, 0.1 % gateway, the rest INFO with
    `create_summary`. Returns how many lines there are of each kind, in the names of `SIX`."""
    chance, counts = random.Random(20260105), Counter[str]()
    with log.open("w") as out:
        number = written = 0
        while written < size:
            kind = _kind(chance.random())
            counts[kind] += 1
            number += 1
            stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(1767625200 + number // 50))
            written += out.write(f"{stamp},{number % 1000:03d} - {_text(kind, chance)}\n")
    del counts["requests"]
    return {**counts, "exceptions": counts["errors"]}


def storm_text(size: int) -> bytes:
    """Exactly `size` bytes of whole lines, one in ten an ERROR."""
    info = (
        b"2026-01-05 15:04:21,123 - src.commands.summary - INFO - create_summary channel=123456789012345678\n"
    )
    error = info.replace(b"INFO", b"ERROR")
    text = (error + info * 9) * (size // len(error + info * 9))
    return text[:-1] + b" " * (size - len(text)) + b"\n"


def _kind(share: float) -> str:
    for kind, limit in (
        ("errors", 0.02), ("warnings", 0.06), ("calls", 0.095), ("failed_calls", 0.1), ("gateway", 0.101),
    ):  # fmt: skip
        if share < limit:
            return kind
    return "requests"


def _text(kind: str, chance: random.Random) -> str:
    channel = chance.randrange(10**17, 10**18)
    if kind == "requests":
        request = f"create_summary channel={channel} user={channel ^ 77} messages={channel % 500}"
        return f"src.commands.summary - INFO - {request}"
    if kind == "errors":
        error = chance.choice(("APIError: refused", "ConnectionError: refused", "TimeoutError: 30 s"))
        return f"src.services.summarizer - ERROR - {error} for channel={channel}"
    if kind == "warnings":
        return f"src.services.cache - WARNING - the cache is {channel % 100}% full, {channel % 1000} go"
    if kind == "gateway":
        return f"discord.gateway - INFO - Shard ID None has successfully RESUMED session {channel:x}."
    answer = "200 OK" if kind == "calls" else "429 Too Many Requests"
    url = "https://openrouter.ai/api/v1/chat/completions"
    return f'httpx - INFO - HTTP Request: POST {url} "HTTP/1.1 {answer}"'
