"""What cogs, the command line and the web page ask of the runtime: the face of `runtime.ops`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol

from opsbot.domain.action import Action, Pause, Rotate
from opsbot.domain.actor import Actor
from opsbot.domain.drill import Drill
from opsbot.domain.health import HealthReport
from opsbot.domain.incident import Incident
from opsbot.domain.logs import LogLook, LogProgress, Question
from opsbot.domain.metrics import MetricsReport, Window
from opsbot.domain.moment import Moment
from opsbot.domain.performance import Performance
from opsbot.domain.process import Running
from opsbot.domain.reload import Reloaded
from opsbot.domain.rule import ActionKind
from opsbot.rotation.base import Plan
from opsbot.runtime.asked.bundles import Bundles
from opsbot.runtime.asked.memory import Memory
from opsbot.runtime.asked.mutes import Mutes
from opsbot.runtime.asked.people import People
from opsbot.runtime.asked.walks import Walks


@dataclass(frozen=True, slots=True)
class TargetInfo:
    """A target for menus and lists. `pause`: set while its automation is held."""

    name: str
    title: str
    pause: Pause | None = None
    running: bool | None = None
    incident: int | None = None


@dataclass(frozen=True, slots=True)
class LoopInfo:
    """One monitoring loop (`health`, `performance`, `logs`, `gateway`, `disk`): the checks of one schedule.

    `interval` in seconds; `last`: when it last looked; `runs`: looks since start; `errors`: looks that broke.
    """

    name: str
    interval: float
    running: bool
    last: Moment | None = None
    runs: int = 0
    errors: int = 0


class Operations(Protocol):
    """Everything that people can ask. Each method that names an unknown target or incident raises
    `UsageError` with the nearest right name; what is not allowed now raises `Refused` with the reason.

    Authorisation of Discord users is the caller's (`opsbot.engine.access.authorize`), in every callback.
    What belongs together and is not asked for every day stands in parts (`runtime.asked`).
    """

    @property
    def people(self) -> People:
        """What people do about incidents."""

    @property
    def mutes(self) -> Mutes:
        """What is not told."""

    @property
    def memory(self) -> Memory:
        """What is over: postmortems, reports, the audit."""

    @property
    def walks(self) -> Walks:
        """Runbooks, and walks through them."""

    @property
    def bundles(self) -> Bundles:
        """Diagnostic bundles and profiles."""

    def targets(self) -> tuple[TargetInfo, ...]:
        """All targets, in the configuration's order."""

    async def health(self, target: str, *, fresh: bool = False) -> HealthReport:
        """The newest samples as a report; `fresh` looks anew first, bounded by the checks' timeouts."""

    async def metrics(
        self, target: str, window: Window, wanted: Sequence[str] = (), *, every: bool = False
    ) -> MetricsReport:
        """Metrics over a window, with what else is marked in a chart. `wanted`: by name; none: the usual
        ones, or `every` one.

        Raises:
            UsageError: no such metric, or no such window.
        """

    async def metric_names(self, target: str) -> tuple[str, ...]:
        """Every metric that a target has or had."""

    async def performance(self, target: str) -> Performance:
        """One line of the performance monitor, looked at now."""

    async def performances(self, target: str, window: Window) -> tuple[Performance, ...]:
        """The lines of the performance monitor, as far as the past is known, in the resolution in which it is
        kept. Their counts rise over the whole window."""

    def logs(self, target: str, question: Question) -> AsyncGenerator[LogProgress | LogLook, None]:
        """What the target's log and its archives say: how far reading is, and at last the answer. Its lines
        are as they were written: whoever shows them draws them (`opsbot.draw.logs`).

        Raises:
            UsageError: it has no log, it cannot be read, or the question has a mistake; with the remedy.
        """

    def incident(self, number: int) -> Incident | None:
        """A live or recent incident."""

    def incidents(self) -> tuple[Incident, ...]:
        """The live incidents, oldest first."""

    async def acknowledge(self, number: int, actor: Actor, reason: str = "") -> Incident:
        """Somebody takes it on. Acknowledging twice is refused, naming who has it."""

    async def pause(self, target: str, seconds: float, reason: str, actor: Actor) -> Pause:
        """Holds all automation of a target; a second pause replaces the first."""

    async def resume(self, target: str, actor: Actor) -> bool:
        """Ends the pause; False when there was none."""

    async def act(
        self, target: str, kind: ActionKind, reason: str, actor: Actor, incident: int | None = None
    ) -> Action:
        """Asks for a restart, start or stop; returns when it is decided and durable, while it runs. A stop
        holds, also over opsbot's restarts, until a person starts the target.

        Raises:
            Refused: one is in progress (by whom), or the target has no supervisor.
        """

    async def plan_rotation(self, target: str) -> Plan:
        """How the target's log would be set aside now.

        Raises:
            UsageError: it has no log, or the log must not be rotated; with the remedy.
        """

    async def rotate(self, target: str, reason: str, actor: Actor, wanted: Rotate) -> Action:
        """Asks for a rotation of the target's log; returns when it is decided and durable, while it runs.

        Raises:
            Refused: one is in progress (by whom), or the target has no log.
        """

    async def adopt(self, target: str, pid: int, actor: Actor) -> Running:
        """Takes a running process for the target's on a person's word: one that only looks like it.

        Raises:
            UsageError: no such candidate; the message names those there are.
        """

    async def candidates(self, target: str) -> tuple[tuple[int, str], ...]:
        """Processes that look like the target and were not taken, each with the reason."""

    def follow(self, action: int) -> AsyncGenerator[Action, None]:
        """The action each time its steps change, ending with the one that has ended."""

    def notifiers(self) -> tuple[str, ...]:
        """The names of all that are on."""

    def drill(
        self, actor: Actor, notifier: str | None = None, *, ping: bool = False
    ) -> AsyncGenerator[Drill, None]:
        """Sends a marked test through one notifier or all, each time it changes, ending with the one that is
        over. It begins with the first look and goes on when nobody looks; `ping`: as an urgent incident
        would be told.

        Raises:
            UsageError: no such notifier.
            Refused: a drill is in progress (by whom).
        """

    async def reload(self, actor: Actor, *, dry: bool = False) -> Reloaded:
        """Reads the configuration anew and puts it into effect, whole or not at all; `dry`: only says what
        would change.

        Raises:
            UsageError: there is no file, or this opsbot acts for one command alone.
        """

    async def refused(self, actor: Actor, verb: str, target: str, reason: str) -> None:
        """Records that somebody asked for what they may not."""

    def loops(self) -> tuple[LoopInfo, ...]:
        """All monitoring loops."""

    async def pause_loop(self, name: str, actor: Actor) -> LoopInfo:
        """Stops looking until resumed."""

    async def resume_loop(self, name: str, actor: Actor) -> LoopInfo:
        """Looks again."""

    async def run_loop(self, name: str) -> LoopInfo:
        """Looks once, now."""
