"""An HTTP check that only has options."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field, SecretStr

from opsbot.checks.base import CheckOptions


class Options(CheckOptions):
    """`prefix` begins its metrics' names."""

    url: str = Field(pattern="^https?://")
    prefix: str = "health"
    headers: dict[str, SecretStr] = Field(default_factory=dict)


def metrics(options: Options) -> Mapping[str, str]:
    """What it gives."""
    return {f"{options.prefix}_up": "", f"{options.prefix}_response_seconds": "s"}
