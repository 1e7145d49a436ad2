"""The rows of the outbox, by notifier and incident, so that thousands of them cost nobody a search."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from opsbot.domain.notice import Notice, NoticeKind


@dataclass(slots=True)
class Waiting:
    """What is not delivered yet. `touched`: by notifier, the incidents of which something has changed since
    the outbox last looked; it empties them."""

    _rows: dict[str, dict[int, dict[int, Notice]]] = field(default_factory=dict)
    touched: dict[str, set[int]] = field(default_factory=dict)

    def add(self, notice: Notice) -> None:
        """A row that is committed."""
        self._rows.setdefault(notice.notifier, {}).setdefault(notice.incident, {})[notice.id] = notice
        self._touch(notice.notifier, notice.incident)

    def drop(self, notice: Notice) -> None:
        """A row that is done."""
        groups = self._rows.get(notice.notifier, {})
        group = groups.get(notice.incident, {})
        group.pop(notice.id, None)
        if not group:
            groups.pop(notice.incident, None)
        self._touch(notice.notifier, notice.incident)

    def of(self, notifier: str, incident: int) -> list[Notice]:
        """What one notifier is still to be told of an incident, in order."""
        return list(self._rows.get(notifier, {}).get(incident, {}).values())

    def kinds(self, notifier: str, incident: int, without: frozenset[int]) -> frozenset[NoticeKind]:
        """The kinds of these rows, but for some of them."""
        rows = self._rows.get(notifier, {}).get(incident, {})
        return frozenset(row.kind for row in rows.values() if row.id not in without)

    def incidents(self, notifier: str) -> list[int]:
        """Of which incidents one notifier is still to be told."""
        return list(self._rows.get(notifier, {}))

    def notifiers(self, incident: int) -> list[str]:
        """Who is still to be told of an incident."""
        return [name for name, groups in self._rows.items() if incident in groups]

    def changed(self, incident: int) -> None:
        """An incident is not as it was: those who are to be told of it look again."""
        for name in self.notifiers(incident):
            self._touch(name, incident)

    def taken(self, notifier: str) -> Iterator[int]:
        """Empties what was touched of one notifier."""
        yield from self.touched.pop(notifier, ())

    def _touch(self, notifier: str, incident: int) -> None:
        self.touched.setdefault(notifier, set()).add(incident)
