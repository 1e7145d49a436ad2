"""The port of supervisors: how a target is started and stopped.

A supervisor is one module in this package, named like its `kind`, with `class Options(SupervisorOptions)`
and `build(options, context) -> Supervisor`. It decides nothing: when to start or stop is the engine's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from opsbot.clock import Clock
from opsbot.domain.process import Exit, Holder, ProcessId, Running


class SupervisorOptions(BaseModel):
    """Base of every supervisor's options: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def twin_of(self, other: SupervisorOptions) -> str:  # noqa: ARG002 - nothing is a twin unless a kind says so
        """Why opsbot could not tell this target's process from that of another target of the same kind, with
        the remedy; empty when it can."""
        return ""

    def identity(self) -> tuple[str, ...]:
        """What the service is known by, whatever the target is called: two targets of one kind and identity
        are one service. Empty when a kind does not say."""
        return ()


@dataclass(frozen=True, slots=True)
class SupervisorContext:
    """`directory`: private (0700) folder of this target in the state directory; `secrets`: values resolved
    for it; `hidden_env`: names that are removed from the target's environment (opsbot's own secrets)."""

    target: str
    clock: Clock
    directory: Path
    secrets: Mapping[str, str] = field(default_factory=dict)
    hidden_env: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Look:
    """What is there: at most one running target, or how the last one ended (None: nothing is known).

    `candidates`: processes that look like the target but may not be adopted without a person's word, each
    with the reason.
    """

    running: Running | None
    last_exit: Exit | None = None
    candidates: tuple[tuple[ProcessId, str], ...] = ()


class Supervisor(Protocol):
    """Starts, stops and finds one target. All methods are safe to repeat."""

    async def find(self) -> Look:
        """Looks for the target's process: by the keeper's lock and identity file, by the cookie in its
        environment, then by command, folder, user and arguments; adopts it."""

    async def start(self, generation: int) -> Running:
        """Starts it for a generation of the desired state, unless it already runs (then that one is
        returned): there is never a second copy.

        Raises:
            SupervisorError: `permanent` when trying again cannot help (executable missing).
        """

    async def adopt(self, process: ProcessId) -> Running:
        """Takes a candidate on a person's word, durably: `find` knows it from now on.

        Raises:
            SupervisorError: it does not run any more, or another one runs.
        """

    async def stop(self, running: Running, grace: float) -> Exit:
        """SIGTERM, `grace` seconds, SIGKILL; returns when it is gone. The exit's `signal` tells which it
        was. Signals only a process whose identity was read again.

        Raises:
            SupervisorError: it could not be stopped (no permission).
        """

    async def forestall(self) -> None:
        """Nothing runs, and nothing shall: whatever would start the target again by itself (systemd's
        Restart=, Docker's restart policy) is called off.

        Raises:
            SupervisorError: it could not be called off.
        """

    async def wait_exit(self, running: Running) -> Exit:
        """Returns when that process has ended, at once if it has."""

    async def tail(self, lines: int) -> list[str]:
        """The newest lines that the target wrote to its output, as far as the supervisor has them."""

    async def port_holder(self, port: int) -> Holder | None:
        """Who listens on a TCP port of this host, or None. Foreign holders are never touched."""

    async def sweep(self, ports: Sequence[int] = ()) -> int:
        """Ends what an earlier process of the target left behind: the survivors of its group, and whatever
        holds one of `ports` with the target's own mark. Never the running target nor what it started, never
        a foreign process. Returns how many it ended."""

    def own_log(self) -> Path | None:
        """The file that this supervisor itself writes the target's output to: renaming it is enough to
        rotate it. None when the target's output is none of its business."""

    async def close(self) -> None:
        """Lets go of it without stopping it."""
