"""Incidents of which somebody still has to hear, by how long that is so.

It follows from the rows of the outbox alone: those that are loud, are for people and are not `Notice.heard`.
So a start reads it from where the rows are stored, and knows what was known before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heappop, heappush

from opsbot.domain.moment import Moment
from opsbot.domain.notice import Notice


def awaited_since(row: Notice) -> Moment:
    """What quiet hours hold back begins to wait only at their end."""
    return max(row.created, row.due, key=lambda moment: moment.mono)


@dataclass(slots=True)
class Unheard:
    """By incident, the rows that wait to be heard. An incident waits since the first of them does."""

    _rows: dict[int, dict[int, Notice]] = field(default_factory=dict)
    _order: list[tuple[float, int, int]] = field(default_factory=list)  # with entries that hold no longer

    def add(self, row: Notice) -> None:
        """It waits to be heard."""
        rows = self._rows.setdefault(row.incident, {})
        if row.id not in rows:
            heappush(self._order, (awaited_since(row).mono, row.incident, row.id))
        rows[row.id] = row

    def drop(self, row: Notice) -> None:
        """It waits no more."""
        rows = self._rows.get(row.incident, {})
        rows.pop(row.id, None)
        if not rows:
            self._rows.pop(row.incident, None)
        if not self._rows:
            self._order.clear()

    def rows(self, incident: int) -> list[Notice]:
        """What waits of one incident."""
        return list(self._rows.get(incident, {}).values())

    def oldest(self) -> Moment | None:
        """Since when the one waits that waits longest."""
        while self._order:
            _, incident, number = self._order[0]
            if (row := self._rows.get(incident, {}).get(number)) is not None:
                return awaited_since(row)
            heappop(self._order)
        return None

    def longer(self, seconds: float, now: Moment) -> list[int]:
        """The incidents that have waited for so long."""
        return [
            number
            for number, rows in self._rows.items()
            if any(awaited_since(row).after(seconds).mono <= now.mono for row in rows.values())
        ]

    def __contains__(self, incident: int) -> bool:
        return incident in self._rows

    def __len__(self) -> int:
        return len(self._rows)
