"""From `notifications.fallback` and `notifications.escalation` to the chain of those who are called in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from opsbot.config.conditions.mistakes import nearest
from opsbot.config.document import Path
from opsbot.config.settings import NotifierSpec
from opsbot.config.switches import is_off
from opsbot.config.workshop import Workshop
from opsbot.domain.notice import Audience, Chain, EscalationStep
from opsbot.domain.quiet import QuietHours

FALLBACK, ESCALATION = "fallback", "escalation"
RESERVED = frozenset({FALLBACK, ESCALATION})
"""Keys of `notifications` that are no notifiers."""

MINUTE = 60.0


def chain(shop: Workshop, given: Mapping[str, Any], notifiers: Iterable[NotifierSpec], first: str) -> Chain:
    """Who is called in. `first`: the notifier that cannot be, since it is told first."""
    if not RESERVED & given.keys():
        return Chain()
    notifiers = tuple(notifiers)
    names = {spec.name for spec in notifiers}
    off = {name for name, data in given.items() if name not in RESERVED and is_off(data)}
    wrong = given.keys() - RESERVED - names - off  # each is a mistake that is told already
    found = _Reader(shop, names, off, wrong, first).read(given)
    if names and not wrong and names <= found.reserve:
        shop.wrong(("notifications",), "calls every notifier in only later: nobody would be told first.")
    for spec in notifiers:
        if spec.name in found.reserve and not spec.options.reaches_people:
            shop.remark(f"notifications.{spec.name} is called in, but no person reads it as it comes.")
    return found


class _Reader:
    def __init__(self, shop: Workshop, names: set[str], off: set[str], wrong: set[str], first: str) -> None:
        self._shop, self._names, self._off, self._first = shop, names, off, first
        self._known = names | off | wrong

    def read(self, given: Mapping[str, Any]) -> Chain:
        from opsbot.config.models.chain import FallbackSection

        fallback: tuple[str, ...] = ()
        silent_after = 5 * MINUTE
        if given.get(FALLBACK) is not None:
            path: Path = ("notifications", FALLBACK)
            section = self._shop.build(FallbackSection, path)
            if section is not None:
                fallback = self._on(section.notifiers, (*path, "notifiers"))
                silent_after = section.after_minutes * MINUTE
        return Chain(fallback, silent_after, tuple(self._steps(given.get(ESCALATION))))

    def _steps(self, given: Any) -> list[EscalationStep]:
        from opsbot.config.models.chain import EscalationSection

        if given is None:
            return []
        if not isinstance(given, list):
            example = "`- {after_minutes: 15, notifiers: [pagerduty]}`"
            self._shop.wrong(("notifications", ESCALATION), f"must be a list of steps, such as {example}.")
            return []
        steps = []
        for number, data in enumerate(given):
            path: Path = ("notifications", ESCALATION, number)
            section = self._shop.build(EscalationSection, path, data if isinstance(data, dict) else {})
            if section is not None:
                names = self._on(section.notifiers, (*path, "notifiers"))
                steps.append(EscalationStep(section.after_minutes * MINUTE, names, section.priorities))
        return sorted(steps, key=lambda step: step.after)

    def _on(self, names: Iterable[str], path: Path) -> tuple[str, ...]:
        """Those that are on; one that is off is left out, one that does not exist is a mistake."""
        for name in names:
            if name == self._first:
                self._shop.wrong(path, f"names `{name}`, which is told first: name another notifier.")
            elif name not in self._known:
                hint = nearest(name, sorted(self._known))
                self._shop.wrong(path, f"names `{name}`, but there is no such notifier: {hint}")
            elif name in self._off:
                self._shop.remark(f"{'.'.join(map(str, path))} names `{name}`, which is off.")
        return tuple(name for name in names if name in self._names and name != self._first)


def audience(spec: NotifierSpec, reserve: frozenset[str]) -> Audience:
    """What a notifier is told, by its options."""
    options = spec.options
    return Audience(
        levels=options.alert_levels,
        priorities=options.priorities,
        reserve=spec.name in reserve,
        people=options.reaches_people,
        edits=options.edits_silently,
        quiet=QuietHours.of(options.quiet_hours, options.quiet_except) if options.quiet_hours else None,
    )
