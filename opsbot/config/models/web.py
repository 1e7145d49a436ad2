"""The section `web`: the endpoint for Prometheus, and for whoever watches opsbot itself."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from opsbot.config.fields import Section

LISTEN = "127.0.0.1:9464"
"""The port is OpenTelemetry's for metrics that Prometheus reads
(https://github.com/prometheus/prometheus/wiki/Default-port-allocations)."""

TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{16,512}", re.ASCII)
"""https://www.rfc-editor.org/rfc/rfc6750#section-2.1; shorter ones can be guessed."""

_LISTEN = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9.-]{0,252}):(\d{1,5})", re.ASCII)


def _listen(text: str) -> str:
    found = _LISTEN.fullmatch(text)
    if found is None or not 0 < int(found[1]) < 65536:
        raise ValueError("must be an address and a port of this machine, such as `127.0.0.1:9464`")
    return text


def _token(value: SecretStr | None) -> SecretStr | None:
    if value is not None and not TOKEN.fullmatch(value.get_secret_value()):
        raise ValueError(
            "must be 16 to 512 letters, digits or `._~+/=-`, such as `openssl rand -hex 32` makes"
        )
    return value


class Web(Section):
    """The endpoint for Prometheus."""

    listen: Annotated[str, AfterValidator(_listen)] = Field(LISTEN, description="address and port of it")
    token: Annotated[SecretStr | None, AfterValidator(_token)] = Field(
        None, description="bearer token that whoever asks must have"
    )
    token_file: str | None = Field(None, description="a 0600 file with the token instead")
