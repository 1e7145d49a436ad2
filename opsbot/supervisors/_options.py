"""Options of the supervisor `process`."""

from __future__ import annotations

import re
import shlex
import signal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from opsbot.supervisors.base import SupervisorOptions

_SIZE = re.compile(r"(\d+)\s*([KMGT]?)(i?B)?", re.IGNORECASE)
_UNITS = {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}


def _words(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return tuple(shlex.split(value))
    except ValueError as error:
        raise ValueError(f"`{value}` is no command line ({error}): give it as a list of words") from None


def _signal(value: Any) -> Any:
    name = str(value).upper()
    name = name if name.startswith("SIG") else f"SIG{name}"
    if name not in signal.Signals.__members__:
        raise ValueError(f"there is no signal `{value}`: use a name such as SIGTERM or SIGINT")
    return name


def _bytes(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    found = _SIZE.fullmatch(value.strip())
    if not found:
        raise ValueError(f"`{value}` is no size: write it like `512M` or `2G`")
    return int(found[1]) << _UNITS[found[2].upper()]


def _umask(value: Any) -> Any:
    """YAML reads 022 as text or as a number, depending on who wrote it; both mean octal here."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if isinstance(value, str) and re.fullmatch(r"(0o?)?[0-7]{1,4}", value):
        return int(value.removeprefix("0o"), 8)
    raise ValueError(f"`{value}` is no umask: write it like `0022`")


Command = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(_words), Field(min_length=1)
]
Size = Annotated[int, BeforeValidator(_bytes), Field(gt=0)]
Count = Annotated[int, Field(gt=0)]


class Adopt(StrEnum):
    """What to do with a copy that somebody started by hand: take it, ask a person, or leave it alone."""

    AUTO = "auto"
    ASK = "ask"
    NEVER = "never"


class Limits(BaseModel):
    """Resource limits of the target (setrlimit(2)). Sizes in bytes, or like `512M`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    nofile: Count | None = None
    nproc: Count | None = None
    memory: Size | None = None
    core: Annotated[int, BeforeValidator(_bytes), Field(ge=0)] | None = None
    fsize: Size | None = None
    cpu: Count | None = None


class Match(BaseModel):
    """How to recognise a copy started by hand, where it differs from how opsbot starts it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    command: Command | None = None
    cwd: Path | None = None
    any_cwd: bool = False
    user: str | None = None


class Options(SupervisorOptions):
    """`command`: words, or a string that is split like a shell would (but never given to one).

    `cwd`: its folder (opsbot's own). `env`, `env_file`, `inherit_env`: its environment, later ones win over
    inherited ones. `user`: to run as. `log`: file that its output is appended to; without it the target is
    thought to write its own log, and its output goes to `output.log` in the state directory. `match`,
    `adopt`: copies started by hand. `stop_signal`: how it is asked to end. `standby`: a keeper waits ready
    (some 10 MB), so that a restart is not slowed by starting one.
    """

    command: Command
    cwd: Path | None = None
    env: dict[str, str] = Field(default_factory=dict)
    env_file: Path | None = None
    inherit_env: bool = True
    user: str | None = None
    umask: Annotated[int, BeforeValidator(_umask)] | None = None
    limits: Limits = Limits()
    log: Path | None = None
    match: Match = Match()
    adopt: Adopt = Adopt.AUTO
    stop_signal: Annotated[str, BeforeValidator(_signal)] = "SIGTERM"
    standby: bool = True

    def identity(self) -> tuple[str, ...]:
        """As in `twin_of`."""
        return (str(self.cwd or ""), self.user or "", *self.command)

    def twin_of(self, other: SupervisorOptions) -> str:
        """Variables do not tell processes apart: a copy started by hand may lack what would be compared."""
        if not isinstance(other, Options) or self.adopt is other.adopt is Adopt.NEVER:
            return ""
        if (self.command, self.cwd, self.user) != (other.command, other.cwd, other.user):
            return ""
        return (
            "runs the same command in the same folder: give one of them another argument or `cwd`, or set "
            "`adopt: never` for both"
        )
