"""What targets are to each other: parents that are there, and none that is another one's twin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from opsbot.config.conditions.mistakes import nearest
from opsbot.config.document import Path
from opsbot.config.targets import Draft
from opsbot.config.workshop import Workshop


def check_parents(shop: Workshop, parents: Mapping[str, tuple[str, ...]], names: set[str]) -> None:
    """Each parent is there, and nothing depends on itself, by whatever way round."""
    for child, wanted in parents.items():
        path: Path = ("targets", child, "depends_on")
        for number, name in enumerate(wanted):
            if name not in names:
                shop.wrong((*path, number), f"there is no target `{name}`: {nearest(name, sorted(names))}")
            elif child == name:
                shop.wrong((*path, number), f"`{child}` would wait for itself: remove it.")
            elif child in _ancestors(parents, name):
                shop.wrong((*path, number), f"`{child}` and `{name}` would wait for each other: remove one.")


def _ancestors(parents: Mapping[str, tuple[str, ...]], name: str) -> set[str]:
    found: set[str] = set()
    waiting = list(parents.get(name, ()))
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += parents.get(one, ())
    return found


def check_twins(shop: Workshop, drafts: Sequence[Draft]) -> None:
    """No two targets are the same process: each would take the other's, and neither could be started while
    the other runs."""
    for one, two in combinations(drafts, 2):
        if one.supervisor is None or two.supervisor is None or one.supervisor.kind != two.supervisor.kind:
            continue
        if why := two.supervisor.options.twin_of(one.supervisor.options):
            shop.wrong(("targets", two.name, "supervisor"), f"target `{one.name}` {why}.")
