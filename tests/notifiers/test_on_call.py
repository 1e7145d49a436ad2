"""Who is on call: pinged beside the others by each P1, and by each escalation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsbot.domain.incident import Incident
from opsbot.domain.levels import IncidentState, Priority
from opsbot.domain.notice import NoticeKind
from opsbot.testing.notifier import FakeDiscord
from tests.draw.samples import sample_incident, telling
from tests.notifiers.rigs import build

OPTIONS = {"channel_id": 5, "role_ids": [77], "on_call_ids": [99, 77]}


def of(priority: Priority) -> Incident:
    return replace(sample_incident(), priority=priority)


async def pinged(kind: NoticeKind, priority: Priority, *, pings: bool = True) -> tuple[int, ...]:
    """The roles of the newest message."""
    discord = FakeDiscord()
    notifier = build("discord", OPTIONS, discord)
    asked = telling(kind, IncidentState.OPEN, incident=of(priority))
    await notifier.deliver(replace(asked, pings=pings))
    sent = next(reversed(discord.messages.values())).first
    assert all((f"<@&{role}>" in (sent.content or "")) for role in sent.roles)
    return sent.roles


@pytest.mark.parametrize(
    ("kind", "priority", "roles"),
    [
        (NoticeKind.OPENED, Priority.P1, (77, 99)),
        (NoticeKind.OPENED, Priority.P2, (77,)),
        (NoticeKind.OPENED, Priority.P4, ()),
        (NoticeKind.ESCALATED, Priority.P1, (77, 99)),
        (NoticeKind.ESCALATED, Priority.P3, (77, 99)),
        (NoticeKind.ESCALATED, Priority.P4, (99, 77)),
    ],
)
async def test_on_call_is_pinged_by_p1_and_by_escalations(
    kind: NoticeKind, priority: Priority, roles: tuple[int, ...]
) -> None:
    assert await pinged(kind, priority) == roles


async def test_nobody_is_pinged_when_nobody_is_to_be() -> None:
    assert await pinged(NoticeKind.OPENED, Priority.P1, pings=False) == ()
