"""How a run of a container ended, and whether its engine starts it again. Pure: what was seen comes in."""

from __future__ import annotations

import signal
from collections.abc import Iterable
from dataclasses import dataclass

from opsbot.domain.moment import Moment
from opsbot.domain.process import Exit
from opsbot.supervisors._docker.container import Container, nanoseconds, seconds, signal_number
from opsbot.supervisors._docker.runs import Run
from opsbot.supervisors._docker.streams import Event

FIRST_BACKOFF, LONGEST_BACKOFF, CALM_SECONDS = 0.1, 60.0, 10.0
"""Docker waits 100 ms before its first restart, then twice as long each time, up to a minute; from the
beginning again after a run of 10 s (moby, restartmanager: defaultTimeout, backoffMultiplier,
maxRestartTimeout; docs.docker.com/engine/containers/start-containers-automatically)."""

MARGIN_SECONDS = 5.0
"""So long the engine's own start may take; then it is not thought to come any more."""

SWITCH_SECONDS = 15.0
"""Who stops a container by hand has so long to start it or its successor: a target's usual hand-over time."""

_FIRST_CODE = (
    128  # of a program that a signal ended, as shells count (Docker: docs, `docker run` exit status)
)
_SIGNALS = range(1, 32)  # beyond them, a code is rather the program's own


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen of an end. `seen`: the container afterwards, None when it is gone; `events`: of it, not
    older than the run, oldest first."""

    run: Run
    seen: Container | None
    events: tuple[Event, ...] = ()

    @property
    def last_state(self) -> Container | None:
        """The container, if it still shows this run's end and not the next run."""
        return self.seen if self.seen and self.run.is_of(self.seen) and not self.seen.runs else None

    @property
    def told(self) -> bool:
        """Whether somebody made the engine end it. Docker then sends a signal that counts as a stop (the
        container's own stop signal, or SIGKILL); podman's `stop` leaves no such trace."""
        stops = {signal.SIGKILL, self.seen.stop_signal if self.seen else signal.SIGTERM}
        return any(e.action == "kill" and e.signal and signal_number(e.signal) in stops for e in self.events)


def of_run(events: Iterable[Event], run: Run) -> tuple[Event, ...]:
    """The events of one run: from its start to its end."""
    found: list[Event] = []
    begin = nanoseconds(run.started_at)
    for event in events:
        if event.at >= begin:
            found.append(event)
            if event.action == "die":
                break
    return tuple(found)


def exit_of(evidence: Evidence, now: Moment) -> Exit:
    """How it ended, as far as that is known."""
    run, state = evidence.run, evidence.last_state
    died = next((e for e in evidence.events if e.action == "die"), None)
    code = state.exit_code if state else died.code if died else None
    number = code - _FIRST_CODE if code is not None and code - _FIRST_CODE in _SIGNALS else None
    ended = seconds(state.finished_at) if state else died.at / 1e9 if died else 0.0
    return Exit(
        at=_moment(ended, now),
        code=None if number else code,
        signal=number,
        asked=run.asked,
        cause="" if run.asked else _cause(evidence, number),
        successor=0.0 if run.asked else _successor(evidence, ended),
    )


def _cause(evidence: Evidence, number: int | None) -> str:
    starved = any(e.action == "oom" for e in evidence.events)
    if evidence.last_state:
        starved = starved or evidence.last_state.oom_killed
    if number == signal.SIGKILL and starved:
        return "out of memory: killed by the kernel"
    if evidence.seen is None:
        return "the container was removed"
    return "stopped through its engine by somebody else" if evidence.told else ""


def _successor(evidence: Evidence, ended: float) -> float:
    """Seconds within which somebody else starts it again; 0 when nobody does."""
    seen = evidence.seen
    if seen is None or evidence.told:
        return SWITCH_SECONDS
    if evidence.last_state is None:  # the next run is there
        return MARGIN_SECONDS
    if not (seen.restarting or _policy_restarts(seen)):
        return 0.0
    ran = ended - seconds(seen.started_at)
    backoff = FIRST_BACKOFF if ran >= CALM_SECONDS else FIRST_BACKOFF * 2.0 ** min(seen.restarts, 10)
    return min(backoff, LONGEST_BACKOFF) + MARGIN_SECONDS


def _policy_restarts(seen: Container) -> bool:
    """By the container's restart policy. Docker has decided by then and says `restarting`; podman does not
    say, and an engine that is ending says nothing of what it will do when it is back."""
    if seen.policy == "on-failure":
        return seen.exit_code != 0 and (seen.most_restarts == 0 or seen.restarts < seen.most_restarts)
    return seen.policy in ("always", "unless-stopped")


def _moment(wall: float, now: Moment) -> Moment:
    """An end in the engine's time, on the clock of this boot; now where the engine says none."""
    age = max(0.0, now.wall - wall) if wall else 0.0
    return Moment(now.mono - age, now.wall - age)
