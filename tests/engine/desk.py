"""A drive in which notifiers deliver when told so."""

from __future__ import annotations

from dataclasses import dataclass

from opsbot.domain.levels import Outcome
from opsbot.domain.notice import Audience, Chain, NoticeKind, Receipt
from opsbot.engine.inputs import Delivered
from opsbot.engine.state import State
from opsbot.engine.step import next_due
from tests.engine.drive import Drive, target


@dataclass
class Desk(Drive):
    """A drive in which each notifier delivers when told so."""

    @classmethod
    def with_chain(cls, chain: Chain, **notifiers: Audience) -> Desk:
        audiences = {"ops": Audience(), **notifiers}
        for name in chain.reserve:
            audiences.setdefault(name, Audience(reserve=True))
        return cls(State.of([target(supervised=False)], audiences, chain))

    def breaks(self) -> None:
        self.runs(pid=len(self.changes) + 10)
        self.crashes()

    def recovers(self) -> None:
        self.runs(pid=len(self.changes) + 10)
        self.see("process", Outcome.OK)

    def waiting(self, notifier: str) -> list[NoticeKind]:
        return [n.kind for n in self.state.notices.values() if n.notifier == notifier]

    def due_now(self) -> list[str]:
        """Who is to be told something without waiting."""
        return [n.notifier for n in self.state.notices.values() if n.due.mono <= self.now.mono]

    def called(self) -> dict[int, tuple[str, ...]]:
        """Who was called in for each incident."""
        return {number: incident.called for number, incident in self.state.incidents.items()}

    def goes(self, notifier: str) -> Delivered:
        """A delivery of what waits begins; returns what is said of it when it is over."""
        rows = [n for n in self.state.notices.values() if n.notifier == notifier]
        number = rows[0].incident
        ids, told = tuple(row.id for row in rows), self.state.incidents[number]
        return Delivered(ids, Receipt(notifier, number, "1/2"), told=told)

    def deliver(self, notifier: str, dead: str = "", after: float = 0.0) -> None:
        rows = [n for n in self.state.notices.values() if n.notifier == notifier]
        number = rows[0].incident
        ids = tuple(n.id for n in rows if n.incident == number)
        told = None if dead else self.state.incidents[number]
        receipt = None if dead else Receipt(notifier, number, "1/2")
        self.give(Delivered(ids, receipt, dead, told), after)

    def pass_time(self, seconds: float) -> None:
        """Ticks when the pipeline would: whenever something is due."""
        end = self.now.after(seconds)
        while (due := next_due(self.state, self.now)) is not None and due.mono <= end.mono:
            self.tick(max(0.0, due.mono - self.now.mono))
            if next_due(self.state, self.now) == due:
                raise AssertionError("what is due stays due: the pipeline would spin")
        self.now = end
