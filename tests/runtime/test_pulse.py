"""Which loops do not come round."""

from __future__ import annotations

from opsbot.runtime.pulse import PATIENCE, Pulse


def test_a_loop_is_late_when_it_does_not_come_round_for_long() -> None:
    pulse = Pulse()
    pulse.next("heart", 105.0)
    assert pulse.late(105.0 + PATIENCE) == {}
    assert pulse.late(106.0 + PATIENCE) == {"heart": PATIENCE + 1.0}
    pulse.next("heart", 200.0)
    assert pulse.late(200.0) == {}


def test_a_loop_that_waits_for_an_event_alone_is_never_late() -> None:
    pulse = Pulse()
    pulse.next("outbox")
    assert pulse.late(1e12) == {}
