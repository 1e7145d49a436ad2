"""One configured HTTP request with the answer that is expected."""

from __future__ import annotations

import importlib
import json
import re
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, JsonValue, SecretStr, field_validator, model_validator

from opsbot.checks import _json
from opsbot.checks._address import refuse_metadata
from opsbot.checks._fetch import Failure, Fetcher, Request, Response
from opsbot.checks.base import CheckContext, CheckOptions, bounded

_OK = range(200, 300)


class Expected(CheckOptions):
    """What an answer must be: its status (one or several; any 2xx without), and values at paths of its
    JSON body."""

    status: int | list[int] | None = None
    json_: dict[str, JsonValue] = Field(default_factory=dict, alias="json")

    @field_validator("json_")
    @classmethod
    def _paths(cls, values: dict[str, JsonValue]) -> dict[str, JsonValue]:
        for path in values:
            _json.check_path(path)
        return values

    def has(self, status: int) -> bool:
        """Whether a status is as expected."""
        if self.status is None:
            return status in _OK
        return status in (self.status if isinstance(self.status, list) else [self.status])


class RequestOptions(CheckOptions):
    """A request. `headers` may hold secrets; `json` is sent as its body; `expect` is what must come."""

    url: str
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] | None = None
    headers: dict[str, SecretStr] = Field(default_factory=dict)
    body: JsonValue = Field(default=None, alias="json")
    expect: Expected = Expected()
    timeout_seconds: float = Field(default=10.0, gt=0, le=600)

    @field_validator("url")
    @classmethod
    def _allowed(cls, url: str) -> str:
        check_url(url)
        return url

    @field_validator("headers")
    @classmethod
    def _sendable(cls, headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, value in headers.items():
            check_header(name, value.get_secret_value())
        return headers

    @model_validator(mode="after")
    def _no_body_in_get(self) -> RequestOptions:
        if self.body is not None and self.method in ("GET", "HEAD"):
            raise ValueError(f"`json` cannot be sent with {self.method}: use method POST")
        return self

    def request(self) -> Request:
        """The request as it goes out."""
        headers = {name: value.get_secret_value() for name, value in self.headers.items()}
        body = None
        if self.body is not None:
            body = json.dumps(self.body).encode()
            headers.setdefault("Content-Type", "application/json")
        method = self.method or ("GET" if body is None else "POST")
        return Request(self.url, method, headers, body, self.timeout_seconds)


def check_url(url: str) -> None:
    """Raises ValueError, with the remedy, for a URL that opsbot does not call."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:  # its words quote the URL, which may hold what is secret
        raise ValueError("the URL is not one: write it like http://localhost:5000/health") from None
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"only http:// and https:// are called, not `{parts.scheme}:`")
    if not host:
        raise ValueError("the URL names no host: write it like http://localhost:5000/health")
    if parts.username is not None or parts.password is not None:
        raise ValueError("the URL holds credentials, which end up in logs: send them in `headers`")
    if any(ord(sign) <= 32 for sign in url):
        raise ValueError("the URL holds spaces or control characters")
    try:
        refuse_metadata(host)
    except OSError as refused:
        raise ValueError(str(refused)) from None
    except ValueError:
        return  # a name: it is checked once it is resolved


_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}", re.ASCII)
"""A token (RFC 9110, 5.6.2)."""


def check_header(name: str, value: str) -> None:
    """Raises ValueError, which does not quote the value, for a header that cannot be sent or would smuggle
    another one in."""
    if not _HEADER_NAME.fullmatch(name):
        raise ValueError("a header's name is made of letters, digits and `-`")
    if any((sign != "\t" and not " " <= sign <= "\xff") or sign == "\x7f" for sign in value):
        raise ValueError(f"the value of the header {name} holds line breaks or signs that no header may hold")


def fetcher(context: CheckContext) -> Fetcher:
    """The adapter that suits who looks; only that one is imported."""
    name = "_fetch_stdlib" if context.one_shot else "_fetch_aiohttp"
    module: Any = importlib.import_module(f"opsbot.checks.{name}")
    made: Fetcher = (module.StdlibFetcher if context.one_shot else module.AiohttpFetcher)(context.clock)
    return made


def complaint(answer: Response | Failure, expect: Expected) -> str:
    """Why an answer is not what was expected, "" when its status and transport are in order."""
    if isinstance(answer, Failure):
        return answer.reason
    if expect.has(answer.status):
        return ""
    text = f"HTTP {answer.status}"
    if 300 <= answer.status < 400:
        text += f", redirects to {bounded(answer.headers.get('location', 'nowhere'), 120)} (not followed)"
    return text


def body_of(answer: Response) -> _json.Json:
    """The body as JSON.

    Raises:
        BadJson: it is not usable; the reason names the content type where that explains it.
    """
    if answer.flaw:
        raise _json.BadJson(answer.flaw)
    if answer.cut:
        raise _json.BadJson(f"it is longer than {len(answer.body) // 1024} KiB")
    try:
        return _json.parse(answer.body)
    except _json.BadJson as bad:
        kind = answer.headers.get("content-type", "").partition(";")[0].strip()
        if kind and "json" not in kind.lower():
            raise _json.BadJson(f"{bad} (sent as {bounded(kind, 60)})") from None
        raise


def mismatch(body: _json.Json, expect: Expected) -> str:
    """The first value that is not as expected, "" when all are."""
    for path, wanted in expect.json_.items():
        found = _json.at(body, path)
        if not _json.same(found, wanted):
            return f"`{path}` is {_json.shown(found)}, not {_json.shown(wanted)}"
    return ""


def verdict(answer: Response | Failure, expect: Expected) -> str:
    """Everything that is wrong with an answer, "" when it is as expected; its body is looked at only when
    values of it are expected."""
    wrong = complaint(answer, expect)
    if wrong or isinstance(answer, Failure) or not expect.json_:
        return wrong
    try:
        return mismatch(body_of(answer), expect)
    except _json.BadJson as bad:
        return f"body not usable: {bad}"
