"""What a change of the settings leaves as it is, and what it lets go of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from opsbot.reloading.house import Pool


@dataclass
class Adapter:
    made_of: str
    closed: int = 0

    async def close(self) -> None:
        self.closed += 1


def use(pool: Pool, **made_of: str) -> dict[str, Adapter]:
    return {place: pool.get((place,), what, partial(Adapter, what)) for place, what in made_of.items()}


async def test_what_is_made_of_the_same_is_kept_and_the_rest_closed() -> None:
    pool = Pool()
    before = use(pool, web="a", shop="b", gone="c")
    await pool.turn()
    after = use(pool, web="a", shop="B", new="d")
    await pool.turn()
    assert after["web"] is before["web"]
    assert after["shop"] is not before["shop"]
    assert {place: adapter.closed for place, adapter in before.items()} == {"web": 0, "shop": 1, "gone": 1}
    assert [adapter.closed for adapter in after.values()] == [0, 0, 0]


async def test_what_is_not_wanted_after_all_is_closed_and_nothing_else() -> None:
    pool = Pool()
    before = use(pool, web="a", shop="b")
    await pool.turn()
    vain = use(pool, web="a", shop="B")
    await pool.back()
    assert [adapter.closed for adapter in before.values()] == [0, 0]
    assert vain["shop"].closed == 1
    assert use(pool, web="a", shop="b") == before


async def test_at_the_end_all_are_closed_once() -> None:
    pool = Pool()
    before = use(pool, web="a", shop="b")
    await pool.turn()
    vain = use(pool, shop="B")
    await pool.close()
    assert [adapter.closed for adapter in (*before.values(), *vain.values())] == [1, 1, 1]


async def test_one_that_cannot_be_closed_keeps_no_other_open() -> None:
    class Broken(Adapter):
        async def close(self) -> None:
            raise OSError("stuck")

    pool = Pool()
    pool.get(("broken",), "x", lambda: Broken("x"))
    good = pool.get(("good",), "y", lambda: Adapter("y"))
    await pool.turn()
    await pool.turn()
    assert good.closed == 1
