"""What every notifier does, the shipped doubles too: real servers on loopback at the other end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path

import pytest

from opsbot import registry
from opsbot.domain.levels import IncidentState
from opsbot.domain.notice import NoticeKind, Receipt
from opsbot.errors import DeliveryError
from tests.bound import BOUND
from tests.draw.samples import NASTY, sample_incident, telling
from tests.notifiers.receivers import SLOW, TRANSIENT, Fault
from tests.notifiers.rigs import FAULTS, RIGS, SECRET, UNHEARD_WISHES, Rig


@asynccontextmanager
async def open_rig(kind: str, folder: Path, timeout: float = BOUND) -> AsyncIterator[Rig]:
    async with RIGS[kind](folder, timeout) as made:
        try:
            yield made
        finally:
            await made.notifier.close()


@pytest.fixture(params=RIGS)
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    async with open_rig(request.param, tmp_path) as made:
        yield made


def test_every_kind_is_held_to_this_contract() -> None:
    assert set(registry.kinds("opsbot.notifiers")) == set(RIGS) - {"recording"}


async def test_an_opened_incident_is_told_and_remembered(rig: Rig) -> None:
    receipt = await rig.notifier.deliver(telling())
    assert rig.arrived() == 1
    assert receipt is not None
    assert (receipt.notifier, receipt.incident) == ("ops", 12)
    assert receipt.place


async def test_an_incident_is_told_from_its_opening_to_its_end(rig: Rig) -> None:
    receipt: Receipt | None = None
    told = (
        (NoticeKind.OPENED, IncidentState.OPEN),
        (NoticeKind.CHANGED, IncidentState.OPEN),
        (NoticeKind.ESCALATED, IncidentState.OPEN),
        (NoticeKind.CHANGED, IncidentState.ACKNOWLEDGED),
        (NoticeKind.RESOLVED, IncidentState.RESOLVED),
    )
    for number, (kind, state) in enumerate(told, 1):
        receipt = await rig.notifier.deliver(telling(kind, state, receipt, number=number))
        assert receipt is not None
    assert rig.arrived() >= 3


async def test_an_incident_that_ended_before_anybody_was_told_can_be_told(rig: Rig) -> None:
    await rig.notifier.deliver(telling(NoticeKind.OPENED, IncidentState.RESOLVED, late=700))
    assert rig.arrived() == 1


@pytest.mark.parametrize(("kind", "fault"), FAULTS)
async def test_a_failure_says_whether_to_try_again_and_trying_again_works(
    kind: str, fault: Fault, tmp_path: Path
) -> None:
    async with open_rig(kind, tmp_path, 1.0 if fault in SLOW else BOUND) as rig:
        rig.fail(fault)
        async with asyncio.timeout(BOUND):
            with pytest.raises(DeliveryError) as caught:
                await rig.notifier.deliver(telling())
        assert caught.value.permanent is (fault not in TRANSIENT)
        assert (caught.value.place and caught.value.permanent) is (fault is Fault.GONE)
        assert not caught.value.gone
        assert not caught.value.forgotten
        assert SECRET not in str(caught.value)
        assert 0 < len(str(caught.value).splitlines()) < 2
        rig.leave()
        tries = await _tries(rig)
        assert 1 <= rig.arrived() <= tries
        assert tries == 1 or fault in SLOW


async def _tries(rig: Rig) -> int:
    """How many it takes: where the notifier's patience is short, a slow machine may need more than one."""
    async with asyncio.timeout(BOUND):
        for number in count(1):
            with suppress(DeliveryError):
                assert await rig.notifier.deliver(telling())
                return number
    raise AssertionError


@pytest.mark.parametrize("kind", [kind for kind in RIGS if kind not in UNHEARD_WISHES])
async def test_the_receivers_own_wish_for_a_pause_is_passed_on(kind: str, tmp_path: Path) -> None:
    async with open_rig(kind, tmp_path) as rig:
        rig.fail(Fault.BUSY)
        with pytest.raises(DeliveryError) as caught:
            await rig.notifier.deliver(telling())
        assert caught.value.retry_after == 7


async def test_the_worst_of_texts_is_told_like_any_other(rig: Rig) -> None:
    incident = sample_incident(title="".join(NASTY) * 300)
    await rig.notifier.deliver(telling(incident=incident))
    assert rig.arrived() == 1


async def test_many_incidents_can_be_told_at_once(rig: Rig) -> None:
    async with asyncio.TaskGroup() as tasks:
        for number in range(1, 11):
            incident = sample_incident(number=number)
            tasks.create_task(rig.notifier.deliver(telling(number=number, incident=incident)))
    assert rig.arrived() == 10


async def test_a_delivery_can_be_given_up_midway(rig: Rig) -> None:
    task = asyncio.ensure_future(rig.notifier.deliver(telling()))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await rig.notifier.deliver(telling(number=2))


async def test_closing_twice_does_no_harm(rig: Rig) -> None:
    await rig.notifier.deliver(telling())
    await rig.notifier.close()
    await rig.notifier.close()
