"""Switches for what goes wrong on the way to Discord."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any


class FaultKind(StrEnum):
    """What happens to a request that matches."""

    ANSWER = "answer"  # another answer than the world's; the request has no effect
    RESET = "reset"  # TCP reset instead of an answer; no effect
    HANG = "hang"  # no answer until the fault is cancelled, then the connection is cut; no effect
    LOSE_ANSWER = "lose answer"  # the request takes effect, then the connection is cut
    SLOW = "slow"  # a late but good answer


@dataclass(slots=True, eq=False)
class Fault:
    """One switch: which requests, how often, and how often it has struck."""

    kind: FaultKind
    method: str
    path: str
    times: int | None
    status: int = 0
    body: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    hits: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def spent(self) -> bool:
        return self.released.is_set() or (self.times is not None and self.hits >= self.times)

    def cancel(self) -> None:
        """Strike no more; requests that hang are cut off."""
        self.released.set()


class Faults:
    """The switches that are set, oldest first; each request meets at most one.

    `method` is "*" for any, `path` a glob over the path below `/api/v10` (`*` also spans slashes),
    `times` how many requests it strikes (None: until cancelled).
    """

    def __init__(self) -> None:
        self._set: list[Fault] = []

    def take(self, method: str, path: str) -> Fault | None:
        for fault in self._set:
            fits = fault.method in ("*", method) and fnmatchcase(path, fault.path)
            if fits and not fault.spent:
                fault.hits += 1
                return fault
        return None

    def clear(self) -> None:
        for fault in self._set:
            fault.cancel()
        self._set.clear()

    def rate_limit(
        self,
        method: str = "*",
        path: str = "*",
        *,
        retry_after: float = 1.0,
        is_global: bool = False,
        via: bool = True,
        times: int | None = 1,
    ) -> Fault:
        """429; without `via` it looks like Cloudflare's, which discord.py does not retry."""
        headers = {"Retry-After": f"{retry_after:g}", "X-RateLimit-Scope": "user"}
        if is_global:
            headers |= {"X-RateLimit-Global": "true", "X-RateLimit-Scope": "global"}
        if via:
            headers["Via"] = "1.1 google"
        body = {
            "message": "You are being rate limited.",
            "retry_after": retry_after,
            "global": is_global,
        }
        return self._add(FaultKind.ANSWER, method, path, times, 429, body, headers)

    def error(
        self,
        method: str = "*",
        path: str = "*",
        *,
        status: int = 503,
        code: int = 0,
        message: str = "simulated fault",
        times: int | None = 1,
    ) -> Fault:
        """Any status with Discord's error body: 502, 503, or such as 400 with code 30046."""
        body = {"message": message, "code": code}
        return self._add(FaultKind.ANSWER, method, path, times, status, body, {})

    def reset(self, method: str = "*", path: str = "*", *, times: int | None = 1) -> Fault:
        return self._add(FaultKind.RESET, method, path, times)

    def hang(self, method: str = "*", path: str = "*", *, times: int | None = 1) -> Fault:
        return self._add(FaultKind.HANG, method, path, times)

    def lose_answer(self, method: str = "*", path: str = "*", *, times: int | None = 1) -> Fault:
        return self._add(FaultKind.LOSE_ANSWER, method, path, times)

    def slow(self, method: str = "*", path: str = "*", *, seconds: float, times: int | None = 1) -> Fault:
        fault = self._add(FaultKind.SLOW, method, path, times)
        fault.seconds = seconds
        return fault

    def _add(
        self,
        kind: FaultKind,
        method: str,
        path: str,
        times: int | None,
        status: int = 0,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Fault:
        fault = Fault(kind, method, path, times, status, body or {}, headers or {})
        self._set.append(fault)
        return fault
