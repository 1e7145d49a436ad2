"""Pieces of options that several notifiers share."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from opsbot.notifiers.base import NotifierOptions


def _web_address(address: str) -> str:
    """Empty is left to `require`: a notifier that is off may have it unset."""
    if not address:
        return address
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good or any(char.isspace() or not char.isprintable() for char in address):
        raise ValueError("must be a web address such as https://example.com/hook")
    return address


def _secret_address(secret: SecretStr) -> SecretStr:
    _web_address(secret.get_secret_value())
    return secret


WebAddress = Annotated[str, AfterValidator(_web_address)]
"""A web address that is no secret."""

SecretUrl = Annotated[SecretStr, AfterValidator(_secret_address)]
"""A web address that nobody else may know, since whoever has it can post."""

Timeout = Annotated[float, Field(gt=0, le=60)]
"""Seconds for one delivery, all of it."""


def require(options: NotifierOptions, **values: SecretStr | str) -> None:
    """Raises ValueError when a notifier that is on lacks one of `values` (name of the option → value)."""
    for name, value in values.items():
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if options.enabled and not text.strip():
            raise ValueError(f"`{name}` is empty: set it, or set `enabled: false`")
