"""Rate limits: one bucket a route and major parameter, and the global one.

Discord publishes no numbers but the global one; these are what its headers were seen to say. A bot
must read them from the headers, so they may be changed at will.
https://discord.com/developers/docs/topics/rate-limits
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase

GLOBAL_REQUESTS_PER_SECOND = 50


@dataclass(frozen=True, slots=True)
class RouteLimit:
    """`limit` requests each `per` seconds, for each channel, guild or webhook."""

    method: str
    path: str
    limit: int
    per: float


DEFAULT_LIMITS = (
    RouteLimit("POST", "/channels/*/messages", 5, 5.0),
    RouteLimit("PATCH", "/channels/*/messages/*", 5, 5.0),
    RouteLimit("DELETE", "/channels/*/messages/*", 5, 1.0),
    RouteLimit("PUT", "/channels/*/reactions/*", 1, 0.25),
    RouteLimit("POST", "/channels/*/threads", 10, 10.0),
    RouteLimit("*", "/webhooks/*", 5, 2.0),
    RouteLimit("*", "*", 40, 1.0),
)
# Two renames each ten minutes is a limit within PATCH /channels/{id}, not shown in the headers.
RENAME_LIMIT = RouteLimit("PATCH", "/channels/* (name or topic)", 2, 600.0)

_ID = re.compile(r"/\d{15,}")
_MAJOR = re.compile(r"^/(?:channels|guilds|webhooks)/(\d+)(?:/([^/]+))?")


@dataclass(slots=True)
class _Window:
    resets_at: float
    used: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may pass, and what its answer's headers say."""

    allowed: bool
    headers: dict[str, str]
    retry_after: float = 0.0
    is_global: bool = False

    @property
    def body(self) -> dict[str, object]:
        return {
            "message": "You are being rate limited.",
            "retry_after": round(self.retry_after, 3),
            "global": self.is_global,
        }


class RateLimits:
    """All buckets. `enabled = False` lets everything pass; `limits` may be replaced by a test."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.enabled = True
        self.limits: list[RouteLimit] = list(DEFAULT_LIMITS)
        self.global_limit = GLOBAL_REQUESTS_PER_SECOND
        self._now = now
        self._windows: dict[str, _Window] = {}

    def set(self, method: str, path: str, limit: int, per: float) -> None:
        """Put a limit before all others."""
        self.limits.insert(0, RouteLimit(method, path, limit, per))

    def take(self, method: str, path: str, *, counts_globally: bool) -> Verdict:
        """One request; interaction answers and webhooks do not count against the global limit."""
        if not self.enabled or path.startswith("/interactions/"):
            return Verdict(True, {})
        if counts_globally:
            window, left = self._use("global", self.global_limit, 1.0)
            if left < 0:
                return self._refused(window, "global", {"X-RateLimit-Global": "true"}, True)
        rule = next(r for r in self.limits if _fits(r, method, path))
        bucket = _bucket(rule, method, path)
        window, left = self._use(f"{bucket}:{_major(path)}", rule.limit, rule.per)
        headers = self._headers(bucket, rule, window, left)
        if left < 0:
            return self._refused(window, "user", headers, False)
        return Verdict(True, headers)

    def take_rename(self, path: str) -> Verdict:
        """The hidden limit on a channel's name and topic."""
        if not self.enabled:
            return Verdict(True, {})
        window, left = self._use(f"rename:{path}", RENAME_LIMIT.limit, RENAME_LIMIT.per)
        return Verdict(True, {}) if left >= 0 else self._refused(window, "user", {}, False)

    def _use(self, key: str, limit: int, per: float) -> tuple[_Window, int]:
        now = self._now()
        window = self._windows.get(key)
        if window is None or now >= window.resets_at:
            window = self._windows[key] = _Window(now + per)
        if window.used < limit:
            window.used += 1
            return window, limit - window.used
        return window, -1

    def _headers(self, bucket: str, rule: RouteLimit, window: _Window, left: int) -> dict[str, str]:
        reset_after = max(0.0, window.resets_at - self._now())
        return {
            "X-RateLimit-Bucket": bucket,
            "X-RateLimit-Limit": str(rule.limit),
            "X-RateLimit-Remaining": str(max(0, left)),
            "X-RateLimit-Reset": f"{time.time() + reset_after:.3f}",
            "X-RateLimit-Reset-After": f"{reset_after:.3f}",
        }

    def _refused(self, window: _Window, scope: str, headers: dict[str, str], is_global: bool) -> Verdict:
        retry_after = max(0.001, window.resets_at - self._now())
        told = {"Retry-After": f"{retry_after:.3f}", "X-RateLimit-Scope": scope}
        return Verdict(False, headers | told, retry_after, is_global)


def _fits(rule: RouteLimit, method: str, path: str) -> bool:
    return rule.method in ("*", method) and fnmatchcase(path, rule.path)


def _bucket(rule: RouteLimit, method: str, path: str) -> str:
    """The catch-all rule gives every route a bucket of its own."""
    route = _ID.sub("/{id}", path) if rule.path == "*" else rule.path
    return hashlib.sha256(f"{method} {route}".encode()).hexdigest()[:32]


def _major(path: str) -> str:
    match = _MAJOR.match(path)
    if match is None:
        return ""
    return "/".join(match.groups("")) if path.startswith("/webhooks/") else match[1]
