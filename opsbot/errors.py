"""Every error opsbot raises on purpose, in one tree.

::

    OpsbotError
    ├── UsageError            a person's mistake: one sentence with the remedy, never a traceback
    │   ├── ConfigError       what is wrong with a configuration, all of it at once
    │   ├── StateLocked       another opsbot holds the state directory (exit code 75)
    │   ├── DiscordRefused    Discord will not let the bot in: no retry can help
    │   ├── Stopping          opsbot is ending: nobody decides any more (exit code 75)
    │   └── Refused           who asked may not, or the guard says no
    ├── DeliveryError         a notice could not be delivered; `permanent` says whether to retry
    ├── SupervisorError       a target could not be started, stopped or found; `permanent` likewise
    ├── RotationError         a log was not rotated or backed up; nothing of it was lost
    └── StoreError
        ├── StoreUnavailable  busy, full, read-only or corrupt: supervising goes on from memory
        └── SchemaTooNew      written by a newer opsbot: nothing is written
"""

from __future__ import annotations

from dataclasses import dataclass

EXIT_USAGE = 2
"""Exit code of a person's mistake, as argparse and click use it."""

EXIT_CONFIG = 78
"""Exit code of a configuration that cannot be used (`EX_CONFIG` of sysexits.h)."""

EXIT_LOCKED = 75
"""Exit code of a second opsbot on one state directory (`EX_TEMPFAIL` of sysexits.h)."""


class OpsbotError(Exception):
    """Root of the tree. `exit_code`: of the command that it ends."""

    exit_code = 1


class UsageError(OpsbotError):
    """A person's mistake. `str(error)` is one sentence that names the remedy."""

    exit_code = EXIT_USAGE


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a configuration file. `line` and `column` count from 1; 0 means unknown."""

    file: str
    line: int
    column: int
    key: str
    message: str

    def __str__(self) -> str:
        place = self.file
        if self.line:
            place += f":{self.line}:{self.column}"
        text = f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"
        return text.replace("\n", "\\n")  # a key or value that is quoted begins no line of its own


class ConfigError(UsageError):
    """A configuration that cannot be used. `problems` holds all that was found, not only the first."""

    exit_code = EXIT_CONFIG

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class StateLocked(UsageError):
    """Another opsbot holds the state directory; `pid` is the holder's, or 0 if it cannot be read."""

    exit_code = EXIT_LOCKED

    def __init__(self, directory: str, pid: int) -> None:
        self.pid = pid
        holder = f"opsbot with pid {pid}" if pid else "another opsbot"
        super().__init__(
            f"The state directory {directory} is in use by {holder}: stop that one first, "
            f"or give this one its own directory with `state_dir`."
        )


class Refused(UsageError):
    """The person or the automation that asked may not do this now; the message says why."""


class Stopping(UsageError):
    """opsbot is ending: what was asked is not decided any more, or its end is not seen by this one."""

    exit_code = EXIT_LOCKED


class DiscordRefused(UsageError):
    """Discord refuses the token or the intents: trying again would only cost, the rest goes on without it."""


class DeliveryError(OpsbotError):
    """A notice was not delivered.

    `permanent` is True when a retry of this message cannot help (it is refused for what it holds).
    `place` is True when it would be so with every message. With `permanent` the place refuses whatever it is
    sent (channel gone, permission missing, token or key revoked): notices wait, it is tried rarely, and
    people are told. Without, the place is out for now (connection refused, 429, 503): the order is kept.
    `gone` is True when such a place must never be tried again until the configuration is read anew (a
    Discord webhook that answered 404).
    `retry_after` is the receiver's own wish in seconds, or None.
    `forgotten` is True when the message to edit no longer exists: a new one may be posted.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool,
        place: bool = False,
        gone: bool = False,
        retry_after: float | None = None,
        forgotten: bool = False,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.place = place or gone
        self.gone = gone
        self.retry_after = retry_after
        self.forgotten = forgotten


class SupervisorError(OpsbotError):
    """A target was not started, stopped or found. `permanent`: trying again cannot help."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent


class RotationError(OpsbotError):
    """A log was not rotated or backed up, and why; nothing of it was lost."""


class StoreError(OpsbotError):
    """Something about the state files."""


class StoreUnavailable(StoreError):
    """The state file cannot be written now."""


class SchemaTooNew(StoreError):
    """The state file was written by a newer opsbot. This one never touches it: trying again cannot help."""

    exit_code = EXIT_USAGE
