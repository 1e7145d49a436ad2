"""A target's keys: where they are, and whether whoever gives them out accepts them. A key goes nowhere but
into the header of one request, to the address that the configuration names for it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from math import isfinite
from typing import Any

from opsbot import redact
from opsbot.checks import _json
from opsbot.checks._fetch import Failure, Fetcher, Request, Response
from opsbot.checks._request import body_of, check_header
from opsbot.clock import Clock
from opsbot.domain.credential import Credential, KeyFound, KeyState
from opsbot.domain.target import Target
from opsbot.errors import SupervisorError
from opsbot.supervisors._launch import read_env_file
from opsbot.text import number_text

TIMEOUT = 10.0
"""Seconds for one request."""

QUOTA = ("data.limit_remaining", "limit_remaining")
"""Where an answer says what is left, in its own unit (https://openrouter.ai/docs/api-reference/limits)."""

UNAUTHORIZED, FORBIDDEN = 401, 403


class TargetKeys:
    """Implements `runtime.key_check.Keys`. `hidden`: variables that are opsbot's own: no target has them."""

    def __init__(self, clock: Clock, hidden: frozenset[str]) -> None:
        self._clock = clock
        self._hidden = hidden
        self._learned: set[str] = set()

    async def check(self, target: Target, credential: Credential) -> KeyFound:
        """See `Keys.check`."""
        try:
            environment = await asyncio.to_thread(self._environment, target, credential)
        except SupervisorError as error:
            return KeyFound(KeyState.UNKNOWN, str(error))
        if environment is None:
            return KeyFound(
                KeyState.UNKNOWN,
                "opsbot does not know the target's environment: name its file with "
                f"`targets.{target.name}.credentials.{credential.name}.env_file`",
            )
        key = environment.get(credential.variable, "")
        if not key:
            return KeyFound(KeyState.MISSING, "the variable is not set")
        self._hide(key)
        if len(key) < credential.least:
            return KeyFound(KeyState.MISSING, f"what is set has less than {credential.least} characters")
        if not credential.url:
            return KeyFound(KeyState.UNKNOWN, "it is set, but no `url` says where to ask")
        return await self._asked(credential, key)

    def _hide(self, key: str) -> None:
        """From now on it is in no text of opsbot's, wherever else it comes from."""
        if key not in self._learned:
            redact.learn([key])
            self._learned.add(key)

    def _environment(self, target: Target, credential: Credential) -> Mapping[str, str] | None:
        """What the target would be started with; None where that is not opsbot's to know."""
        if credential.env_file is not None:
            return read_env_file(credential.env_file)
        if target.supervisor is None or target.supervisor.kind != "process":
            return None
        options: Any = target.supervisor.options
        found = dict(os.environ) if options.inherit_env else {}
        found = {name: value for name, value in found.items() if name not in self._hidden}
        if options.env_file:
            found |= read_env_file(options.env_file)
        own: dict[str, str] = options.env
        return found | own

    async def _asked(self, credential: Credential, key: str) -> KeyFound:
        value = f"{credential.scheme} {key}".strip()
        try:
            check_header(credential.header, value)
        except ValueError:
            return KeyFound(KeyState.UNKNOWN, "it holds signs that no request can send")
        fetcher = await asyncio.to_thread(_fetcher, self._clock)
        try:
            request = Request(credential.url, headers={credential.header: value}, timeout=TIMEOUT)
            return _verdict(await fetcher.fetch(request))
        finally:
            await fetcher.close()


def _fetcher(clock: Clock) -> Fetcher:
    """In a thread: aiohttp is large, and loaded only now if nothing else has needed it."""
    from opsbot.checks._fetch_aiohttp import AiohttpFetcher

    return AiohttpFetcher(clock)


def _verdict(answer: Response | Failure) -> KeyFound:
    """Only 401 says that it is the key: 403 may also mean a right that it lacks, or a wall in front."""
    if isinstance(answer, Failure):
        return KeyFound(KeyState.UNKNOWN, answer.reason)
    if answer.status == UNAUTHORIZED:
        return KeyFound(KeyState.REFUSED, "HTTP 401")
    if 200 <= answer.status < 300:
        return KeyFound(KeyState.ACCEPTED, _quota(answer))
    if answer.status == FORBIDDEN:
        return KeyFound(KeyState.UNKNOWN, "HTTP 403: it lacks a right, or something stands in front")
    if 300 <= answer.status < 400:
        return KeyFound(KeyState.UNKNOWN, f"HTTP {answer.status}, it redirects, which is not followed")
    return KeyFound(KeyState.UNKNOWN, f"HTTP {answer.status}")


def _quota(answer: Response) -> str:
    """What is left of a quota; empty where the answer says nothing of one."""
    try:
        body = body_of(answer)
    except _json.BadJson:
        return ""
    for path in QUOTA:
        left = _json.at(body, path)
        if isinstance(left, int | float) and not isinstance(left, bool) and isfinite(left):
            return f"{number_text(left)} of its quota left"
    return ""
