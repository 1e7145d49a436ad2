"""Options of the supervisor `docker`."""

from __future__ import annotations

import ipaddress
import os
import re
from importlib.util import find_spec
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from opsbot.supervisors.base import SupervisorOptions

DEFAULT_URL = "unix:///var/run/docker.sock"
_NAME = r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}"
"""What Docker allows as a name (moby, daemon/names), which covers ids too. Nothing in it means anything in a
URL."""

_PLAIN_PORT = 2375  # IANA: docker, without TLS


def _container(value: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch(_NAME, value):
        raise ValueError(f"`{value}` is no container: give its name or id as `docker ps` shows it")
    return value


def _default_url() -> str:
    return os.environ.get("DOCKER_HOST") or DEFAULT_URL


def _local(value: str) -> str:
    """An engine on this machine: `unix://PATH` as it is, `tcp://` as `http://HOST:PORT`."""
    if value.startswith("unix:///") and value != "unix:///":
        return value
    parts = urlsplit(value)
    plain = parts.scheme in ("tcp", "http") and not (parts.path.strip("/") or parts.query or parts.username)
    if plain and _is_loopback(parts.hostname or ""):
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        return f"http://{host}:{parts.port or _PLAIN_PORT}"
    raise ValueError(
        f"`{value}` is no engine on this machine: use `{DEFAULT_URL}` or `tcp://127.0.0.1:{_PLAIN_PORT}` "
        f"(the processes of another machine cannot be watched from here; `url` wins over DOCKER_HOST)"
    )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Options(SupervisorOptions):
    """`container`: its name or id; it must exist, for opsbot creates none. `url`: where the engine listens,
    on this machine only; DOCKER_HOST when it is left out, else Docker's usual socket."""

    container: Annotated[str, Field(pattern=f"^{_NAME}$"), BeforeValidator(_container)]
    url: Annotated[str, AfterValidator(_local)] = Field(default_factory=_default_url, validate_default=True)

    @model_validator(mode="after")
    def _needs_its_extra(self) -> Self:
        """Here, so that a check of the configuration finds it."""
        if find_spec("aiodocker") is None:
            raise ValueError("needs the Python package aiodocker: `pip install 'opsbot[docker]'`")
        return self

    def identity(self) -> tuple[str, ...]:
        """One container is one service."""
        return (self.url, self.container)

    def twin_of(self, other: SupervisorOptions) -> str:
        """One container is one target."""
        return "has the same container: make them one target" if self == other else ""
