"""Who still has to hear of what is the same after opsbot was built anew from its state directory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from opsbot.domain.levels import Outcome, Priority
from opsbot.domain.moment import Moment
from opsbot.domain.notice import Audience, Chain, EscalationStep
from opsbot.engine.inputs import Acknowledge, Stuck
from opsbot.engine.resuming import resume
from opsbot.engine.state import State
from opsbot.engine.unheard import awaited_since
from opsbot.runtime.restore import restore
from opsbot.stores.sqlite_state import STATE_NAME, SqliteState
from opsbot.testing.clock import VirtualClock
from tests.engine.desk import Desk
from tests.engine.drive import OLGA

CHAIN = Chain(("mail", "pager"), 300.0, (EscalationStep(900.0, ("boss",), frozenset({Priority.P1})),))
OTHERS = {"slow": Audience(), "board": Audience(priorities=frozenset({Priority.P3}))}

Act = Callable[[Desk], object]


def waits(state: State) -> dict[int, list[tuple[str, Moment]]]:
    """Who still has to hear of which incident, and since when that is so."""
    return {
        number: sorted((row.notifier, awaited_since(row)) for row in state.unheard.rows(number))
        for number in state.incidents
        if number in state.unheard
    }


def fresh(desk: Desk) -> State:
    """A state that knows nothing, under the same settings."""
    made = State({}, desk.state.notifiers, desk.state.chain)
    made.known, made.policy = desk.state.known, desk.state.policy  # what is observed is observed again
    return made


async def lived(folder: Path, acts: Sequence[Act], *, anew: bool) -> Desk:
    """The same story, in one life or with opsbot built anew after each of its steps."""
    clock = VirtualClock()
    desk = Desk.with_chain(CHAIN, **OTHERS)
    written = 0
    for act in acts:
        act(desk)
        store = SqliteState(folder / STATE_NAME, clock)
        await store.commit(desk.changes[written:])
        written = len(desk.changes)
        built = fresh(desk)
        restore(built, await store.load())
        await store.close()
        assert waits(built) == waits(desk.state)
        desk.state = built if anew else desk.state
    return desk


def passes(seconds: float) -> Act:
    return lambda desk: desk.pass_time(seconds)


def hears(name: str, dead: str = "") -> Act:
    return lambda desk: desk.deliver(name, dead)


def busy(desk: Desk) -> None:
    desk.runs()
    desk.see("process", Outcome.OK, cpu_percent=99.0)


TOLD = (Desk.breaks, hears("ops"), hears("slow"))
STORIES: dict[str, tuple[tuple[Act, ...], tuple[str, ...]]] = {
    "told": ((*TOLD, passes(600.0)), ()),
    "nobody hears": ((Desk.breaks, passes(310.0), passes(310.0), passes(3600.0)), ("mail", "pager", "boss")),
    "the fallback is told in time": ((Desk.breaks, passes(310.0), hears("mail"), passes(500.0)), ("mail",)),
    "the channel is told after all": ((Desk.breaks, passes(310.0), hears("ops"), passes(500.0)), ("mail",)),
    "the boss does not hear": (
        (*TOLD, passes(910.0), hears("ops"), hears("slow"), passes(250.0), passes(60.0)),
        ("boss", "mail"),
    ),
    "the boss does not hear, nor does the next": (
        (*TOLD, passes(910.0), hears("ops"), passes(310.0), hears("ops"), passes(310.0)),
        ("boss", "mail", "pager"),
    ),
    "the boss hears": ((*TOLD, passes(910.0), hears("ops"), hears("boss"), passes(3600.0)), ("boss",)),
    "somebody takes it on in time": (
        (*TOLD, passes(910.0), lambda d: d.give(Acknowledge(1, OLGA, "")), hears("ops"), passes(900.0)),
        ("boss",),
    ),
    "it is over in time": ((*TOLD, passes(910.0), Desk.recovers, hears("ops"), passes(900.0)), ("boss",)),
    "it gets urgent, and only the board knows of it": (
        (busy, hears("ops"), hears("slow"), hears("board"), Desk.crashes, hears("board"), passes(310.0)),
        ("mail",),
    ),
    "the fallback refuses it": ((Desk.breaks, passes(310.0), hears("mail", "400")), ("mail", "pager")),
    "all refuse it": (
        (Desk.breaks, passes(310.0), hears("mail", "400"), hears("pager", "400"), passes(86_400.0)),
        ("mail", "pager", "boss"),
    ),
    "the channel is closed": (
        (Desk.breaks, lambda d: d.give(Stuck("ops", "gone")), passes(200.0), hears("slow"), passes(310.0)),
        (),
    ),
}


@pytest.mark.parametrize("name", STORIES)
async def test_whoever_is_called_in_would_be_without_a_restart_as_well(name: str, tmp_path: Path) -> None:
    acts, called = STORIES[name]
    for anew in (False, True):
        folder = tmp_path / str(anew)
        folder.mkdir()
        desk = await lived(folder, acts, anew=anew)
        assert desk.state.incidents[1].called == called


def test_when_the_only_one_who_was_to_be_told_is_configured_no_more_the_fallback_is_told() -> None:
    before = Desk.with_chain(CHAIN)
    before.breaks()
    desk = Desk.with_chain(CHAIN)
    desk.state.notifiers = {n: a for n, a in before.state.notifiers.items() if n != "ops"}
    desk.state.apply([*before.state.incidents.values(), *before.state.notices.values()])
    desk.state.apply(before.state.alerts.values())
    desk.state.apply(resume(desk.state, before.now.after(1.0)).changes)
    assert desk.called() == {1: ("mail",)}
