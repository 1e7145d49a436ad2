"""The checks with which a target is watched closely: its own ones once more, as far as they may look every
second."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from opsbot import registry
from opsbot.checks.base import Check, CheckContext
from opsbot.domain.target import CheckSpec, Target
from opsbot.reloading.house import House
from opsbot.runtime.close_watch import CloseUp, Looks

LEFT_OUT = ("disk", "heartbeat")
"""Kinds that see nothing more by looking more often."""


def close_up_of(house: House, targets: Iterable[Target]) -> CloseUp:
    """Makes them when somebody asks."""
    known = {target.name: target for target in targets}

    def make(name: str) -> Looks:
        chosen = [found for spec in known[name].checks if (found := closely(spec)) is not None]
        return [(spec, _check(house, name, spec)) for spec in chosen]

    return make


def closely(spec: CheckSpec) -> CheckSpec | None:
    """A check as it looks every second; None if it had better not: a request that does something (a summary
    costs money) is not made hundreds of times, nor are others' services asked so often."""
    if spec.kind in LEFT_OUT:
        return None
    options = spec.options
    if spec.kind == "http" and (options.body is not None or options.method not in (None, "GET", "HEAD")):
        return None
    if spec.kind == "upstream":
        return replace(spec, options=options.model_copy(update={"probe": None}))
    return spec


def _check(house: House, target: str, spec: CheckSpec) -> Check:
    context = CheckContext(
        target=target,
        clock=house.clock,
        process=lambda: house.runtime.processes.current(target),
        feeds=house.feeds,
    )
    check: Check = registry.load("opsbot.checks", spec.kind).build(spec.options, context)
    return check
