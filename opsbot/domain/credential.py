"""A key with which a target logs in somewhere, and what is found out about it. Neither holds the key."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Credential:
    """Where a target's key is, and who says whether it is accepted.

    `variable`: of the target's environment. `env_file`: where that stands, None: as the supervisor sets it.
    `url`: a GET of it is answered with 2xx when the key is good and with 401 when it is not; empty: nobody is
    asked. `header`, `scheme`: how the key is sent, "Authorization: Bearer …". `least`: characters that it has
    at least.
    """

    name: str
    variable: str
    url: str = ""
    header: str = "Authorization"
    scheme: str = "Bearer"
    least: int = 10
    env_file: Path | None = None


class KeyState(StrEnum):
    """What is known of a key."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    MISSING = "missing"
    UNKNOWN = "cannot tell"


@dataclass(frozen=True, slots=True)
class KeyFound:
    """`detail`: a clause for people that never holds anything of the key; what is left of a quota, why
    nothing can be told."""

    state: KeyState
    detail: str = ""
