"""One entry of `credentials` of a target: a key of its own, and who says whether it is accepted."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from opsbot.config.fields import Section
from opsbot.config.online import loopback

OWN = "OPSBOT_"
"""How opsbot's own variables begin, which no target has."""


def _url(text: str) -> str:
    from opsbot.checks._request import check_url  # the one place that says which URLs opsbot calls

    check_url(text)
    parts = urlsplit(text)
    if parts.scheme != "https" and not loopback(parts.hostname or ""):
        raise ValueError("the key would cross the network unencrypted: write an https:// address")
    return text


def _header(text: str) -> str:
    from opsbot.checks._request import check_header

    check_header(text, "")
    return text


def _variable(name: str) -> str:
    if name.startswith(OWN):
        raise ValueError(f"variables that begin with {OWN} are opsbot's own: name one of the target's")
    return name


class CredentialSection(Section):
    """A key of the target's."""

    variable: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$"), AfterValidator(_variable)] = (
        Field(description="variable of the target's environment that holds it")
    )
    url: Annotated[str, AfterValidator(_url)] | None = Field(
        None, description="a GET of it is answered with 2xx if the key is good, with 401 if it is not"
    )
    header: Annotated[str, AfterValidator(_header)] = Field(
        "Authorization", description="header in which the key is sent"
    )
    scheme: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{0,30}$")] = Field(
        "Bearer", description="what stands before the key in it, such as Bot; empty: nothing"
    )
    min_length: int = Field(10, ge=1, le=10_000, description="a shorter one counts as missing")
    env_file: str | None = Field(None, min_length=1, description="file with the target's environment")
