"""When the maintenance windows of the configuration are, as people ask."""

from __future__ import annotations

from dataclasses import dataclass

from opsbot.domain.maintenance import Once, Repeated, Window
from opsbot.engine.state import State
from opsbot.runtime.mutes import MutesDesk
from opsbot.runtime.pipeline import Pipeline
from opsbot.testing.clock import VirtualClock
from opsbot.testing.store import MemoryState


@dataclass(frozen=True, slots=True)
class Every:
    """At each multiple of so many seconds."""

    seconds: float

    def after(self, wall: float) -> float | None:
        return (wall // self.seconds + 1) * self.seconds


async def test_what_goes_on_comes_first_then_what_begins_next_and_last_what_is_over_for_good() -> None:
    clock = VirtualClock()
    now, state = clock.now(), State.of([], {})
    over = Window("over", Once(now.wall - 20, now.wall - 10))
    later = Window("later", Once(now.wall + 90_000, now.wall + 90_060))
    daily = Window("daily", Repeated(Every(86_400.0), 1.0))
    present = Window("present", Once(now.wall - 10, now.wall + 50))
    state.windows = (over, later, daily, present)
    planned = await MutesDesk(Pipeline(state, MemoryState(clock), clock), clock).windows()
    assert [one.window for one in planned] == [present, daily, later, over]
    first, second, _, last = planned
    assert first.ends is not None
    assert first.ends.since(now) == 50
    assert first.begins is None
    assert second.begins is not None
    assert 0 < second.begins.since(now) <= 86_400
    assert (last.ends, last.begins) == (None, None)
