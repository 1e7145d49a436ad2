"""Incidents of which no person has been told yet, by how long that is so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush

from opsbot.domain.moment import Moment


@dataclass(slots=True)
class Unheard:
    """Since when each waits to be heard of. Not in the order in which they came: what quiet hours hold back
    begins to wait only at their end."""

    _since: dict[int, Moment] = field(default_factory=dict)
    _order: list[tuple[float, int]] = field(default_factory=list)  # with entries that hold no longer

    def add(self, incident: int, since: Moment) -> None:
        """It waits since then, or since an earlier moment that is known."""
        before = self._since.get(incident)
        if before is None or since.mono < before.mono:
            self._since[incident] = since
            heappush(self._order, (since.mono, incident))

    def drop(self, incident: int) -> None:
        """Somebody was told, or nobody can be."""
        self._since.pop(incident, None)

    def oldest(self) -> Moment | None:
        """Since when the one waits that waits longest."""
        while self._order:
            mono, incident = self._order[0]
            since = self._since.get(incident)
            if since is not None and since.mono == mono:
                return since
            heappop(self._order)
        return None

    def longer(self, seconds: float, now: Moment) -> list[int]:
        """Those that have waited for so long."""
        return [i for i, since in self._since.items() if since.after(seconds).mono <= now.mono]

    def __contains__(self, incident: int) -> bool:
        return incident in self._since

    def __iter__(self) -> Iterator[int]:
        return iter(list(self._since))

    def __len__(self) -> int:
        return len(self._since)
