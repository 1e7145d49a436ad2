"""An outsider who presses and types as fast as they can fills neither the audit nor the log."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from cogs._ui.refusals import IN_AN_HOUR, SAME_AGAIN, Refusals
from opsbot.testing.clock import VirtualClock
from tests.cogs.stage import Stage, refused, stage_of
from tests.sim import simulated_discord


@pytest.fixture
async def up() -> AsyncIterator[Stage]:
    async with simulated_discord() as sim:
        stage = stage_of(sim)
        async with stage.running():
            yield stage


async def test_a_button_pressed_again_and_again_is_refused_each_time_and_recorded_once(up: Stage) -> None:
    message = await up.alarm()
    with capture_logs() as logged:
        for _ in range(30):
            assert refused(await up.world.bob.click(message, custom_id="opsbot:ack:7"))
    assert len(up.operations.refusals) == 1
    assert len([line for line in logged if line["event"] == "refused"]) == 1


async def test_the_attempt_of_another_is_recorded_in_the_midst_of_a_flood(up: Stage) -> None:
    message = await up.alarm()
    for _ in range(5):
        await up.world.bob.click(message, custom_id="opsbot:ack:7")
    await up.world.vera.click(message, custom_id="opsbot:ack:7")
    assert [call.actor.id for call in up.operations.refusals if call.actor] == [
        str(up.world.bob.id),
        str(up.world.vera.id),
    ]
    assert "4 more refusals" in up.operations.refusals[-1].detail


async def test_a_hundred_thousand_attempts_of_one_person_are_a_bounded_number_of_records() -> None:
    clock, recorded = VirtualClock(), 0
    refusals = Refusals(clock)
    for number in range(100_000):
        recorded += refusals.note("1", f"verb {number}") is not None
    assert recorded == IN_AN_HOUR
    await clock.advance(3601)
    assert (
        refusals.note("1", "again")
        == f"; {100_000 - recorded} more refusals before this one were only counted"
    )


async def test_the_same_attempt_is_recorded_anew_after_a_while() -> None:
    clock = VirtualClock()
    refusals = Refusals(clock)
    assert refusals.note("1", "restart") == ""
    assert refusals.note("1", "restart") is None
    await clock.advance(SAME_AGAIN)
    assert refusals.note("1", "restart") is not None


def test_a_crowd_cannot_hide_one_persons_first_attempt() -> None:
    refusals = Refusals(VirtualClock())
    for number in range(IN_AN_HOUR * 3):
        refusals.note(str(number % IN_AN_HOUR), f"verb {number}")
    assert refusals.note("a newcomer", "restart") is not None
