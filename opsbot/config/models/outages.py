"""The section `outages`: how opsbot tells its own outage, and Discord's, from a target's."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from opsbot.config.fields import Section, no_switch, one_or_more

CONTROL = ("https://1.1.1.1/", "https://8.8.8.8/")
"""Numeric addresses of two operators (Cloudflare and Google), so that one's trouble is not an outage; both
have certificates for them, so that nothing between can answer in their stead."""

STATUS_URL = "https://discordstatus.com/api/v2/summary.json"
"""https://discordstatus.com/api"""

LOOKUP = "discord.com"
"""A name that a Discord bot cannot do without."""

MOST = 8
"""Control addresses at most: each is tried at every round."""

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", re.ASCII)


def _address(text: str) -> str:
    if "://" in text:
        return _url(text)
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not port or (parts_of(text) != (host, port)) or not (_NAME.fullmatch(host) or ":" in host):
        raise ValueError("must be an address such as `1.1.1.1:443`, `[2606:4700::1111]:443` or a URL")
    return text


def parts_of(text: str) -> tuple[str, int]:
    """Host and port of `host:port` or `[address]:port`; a port that is none is 0."""
    host, _, port = text.rpartition(":")
    return host.strip("[]").lower(), int(port) if port.isdecimal() and len(port) < 6 else 0


def _url(text: str) -> str:
    from opsbot.checks._request import check_url  # the one place that says which URLs opsbot calls

    check_url(text)
    return text


def _optional_url(text: str) -> str:
    return _url(text) if text else text


def _host(text: str) -> str:
    if text and not _NAME.fullmatch(text):
        raise ValueError('must be a name such as `discord.com`, or "" to look none up')
    return text


Addresses = Annotated[
    tuple[Annotated[str, AfterValidator(_address)], ...],
    BeforeValidator(one_or_more),
    Field(max_length=MOST),
]
Pause = Annotated[float, BeforeValidator(no_switch), Field(allow_inf_nan=False, ge=5, le=300)]
"""Seconds between two rounds: more often only burns others' time, and what is older says little."""


class Outages(Section):
    """How opsbot tells its own outage, and Discord's, from a target's."""

    enabled: bool = Field(True, description="false: whatever fails is the target's own fault")
    control: Addresses = Field(CONTROL, description="host:port or URLs that answer while opsbot is connected")
    lookup: Annotated[str, AfterValidator(_host)] = Field(LOOKUP, description='a name to look up; "": none')
    discord_status_url: Annotated[str, AfterValidator(_optional_url)] = Field(
        STATUS_URL, description='Discord\'s status summary; "": not asked'
    )
    interval_seconds: Pause = Field(60.0, description="seconds between two rounds of probes")
