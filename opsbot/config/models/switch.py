"""The section `dead_mans_switch`: what is pinged as long as opsbot works."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from opsbot.config.fields import Section, Span


def _url(secret: SecretStr) -> SecretStr:
    from opsbot.checks._request import check_url  # the one place that says which URLs opsbot calls

    check_url(secret.get_secret_value())
    return secret


def _bounded(seconds: float) -> float:
    if not 10 <= seconds <= 86_400:
        raise ValueError("must be from ten seconds (`10s`) to a day (`1d`)")
    return seconds


class SwitchSection(Section):
    """What is pinged as long as opsbot works."""

    url: Annotated[SecretStr, AfterValidator(_url)] = Field(description="address that is asked for: a secret")
    every: Annotated[Span, AfterValidator(_bounded)] = Field(60.0, description="time between two pings")
    fail: bool = Field(False, description="say `/fail` at its end when opsbot does not work")
