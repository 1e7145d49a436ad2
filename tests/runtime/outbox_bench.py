"""An outbox over a state that the test writes, and notifiers that hang and break."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace

from opsbot.domain.change import NoticeDone
from opsbot.domain.incident import Incident
from opsbot.domain.levels import IncidentState, Priority, Severity
from opsbot.domain.notice import Notice, NoticeKind, Receipt, Telling
from opsbot.engine.inputs import Delivered, Stuck
from opsbot.engine.state import State
from opsbot.errors import StoreUnavailable
from opsbot.notifiers.base import Notifier
from opsbot.runtime.desk import Manners
from opsbot.runtime.outbox import Outbox
from opsbot.testing.clock import VirtualClock
from opsbot.testing.store import MemoryState
from tests.runtime.at_work import at_work
from tests.runtime.rig import ALL

OPENED, CHANGED, RESOLVED, ESCALATED = (
    NoticeKind.OPENED,
    NoticeKind.CHANGED,
    NoticeKind.RESOLVED,
    NoticeKind.ESCALATED,
)


def kinds(told: list[Telling]) -> list[NoticeKind]:
    """How loud each telling was."""
    return [telling.notice.kind for telling in told]


@dataclass
class Bench:
    """An outbox over a state that the test writes; `record` does what the pipeline does with receipts."""

    notifiers: dict[str, Notifier]
    clock: VirtualClock = field(default_factory=VirtualClock)
    manners: dict[str, Manners] = field(default_factory=dict)
    dead: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    unrecorded: int = 0

    def __post_init__(self) -> None:
        self.state = State.of([], dict.fromkeys(self.notifiers, ALL))
        self.store = MemoryState(self.clock)
        self.outbox = Outbox(
            self.state, self.store, self.notifiers, self.clock, self.record, self.manners, lambda: 0.0
        )

    async def record(self, given: Delivered | Stuck) -> None:
        if isinstance(given, Stuck):
            self.stuck.append(given.text)
            return
        if self.unrecorded:
            self.unrecorded -= 1
            raise StoreUnavailable("full")
        self.dead += [given.dead] if given.dead else []
        self.state.apply([NoticeDone(n, given.receipt, given.dead) for n in given.notices])

    def tell(self, incident: int, *kinds: NoticeKind, to: str = "ops", doing: str = "") -> None:
        now = self.clock.now()
        known = self.state.incidents.get(incident)
        state = IncidentState.RESOLVED if RESOLVED in kinds else IncidentState.OPEN
        changed = (
            replace(
                known,
                version=known.version + 1,
                state=state,
                doing=doing or known.doing,
                resolved_at=now if state is IncidentState.RESOLVED else None,
            )
            if known
            else Incident(incident, "bot", "down", state, Priority.P1, Severity.CRITICAL, now)
        )
        self.state.apply([changed])
        for kind in kinds:
            self.state.apply([Notice(self.state.next_notice, to, incident, kind, now, now)])
        self.outbox.wake()

    def working(self) -> AbstractAsyncContextManager[None]:
        return at_work(self.outbox, self.clock)


@dataclass
class Hanging:
    """Answers nothing about the incidents in `stuck`; tells of all others."""

    stuck: set[int]
    told: list[Telling] = field(default_factory=list)

    async def deliver(self, telling: Telling) -> Receipt | None:
        if telling.incident.id in self.stuck:
            await asyncio.get_running_loop().create_future()
        self.told.append(telling)
        return None

    async def close(self) -> None:
        pass


@dataclass
class Breaking:
    """Raises what it is given, once each."""

    errors: list[BaseException]
    told: list[Telling] = field(default_factory=list)

    async def deliver(self, telling: Telling) -> Receipt | None:
        if self.errors:
            raise self.errors.pop(0)
        self.told.append(telling)
        return None

    async def close(self) -> None:
        pass
