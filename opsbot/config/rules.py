"""From the section `rules` and the built-in rules to each target's rules."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from opsbot.config.causes import needs_discord, usual
from opsbot.config.conditions import vocabulary
from opsbot.config.conditions.mistakes import ConditionError, Unknown, nearest
from opsbot.config.conditions.resolve import Compiled, compile_condition
from opsbot.config.conditions.scope import Absent, Scope
from opsbot.config.models.rule import RuleSection
from opsbot.config.parts import Sections
from opsbot.config.rule_actions import action_of
from opsbot.config.targets import Draft
from opsbot.config.thresholds import Limits
from opsbot.config.usual_metrics import USUAL_METRICS
from opsbot.config.workshop import Workshop
from opsbot.config.written_rules import Source
from opsbot.domain.expr import Operand, Reading, operands
from opsbot.domain.levels import Priority, Severity
from opsbot.domain.rule import Rule
from opsbot.engine.messages import GUIDE_WORDS, check_template, fields_in

PRIORITY = {Severity.CRITICAL: Priority.P2, Severity.WARNING: Priority.P3, Severity.INFO: Priority.P4}
"""Priority of a rule whose condition says no other (alert-config: critical P2, warning P3, info P4)."""

_THRESHOLD = re.compile(r"\bthresholds\.([a-z_]+)")

RECOVER_SECONDS = 60.0
"""A condition about numbers must be false that long to resolve: what lingers at a limit is one alert."""


def for_targets(
    shop: Workshop,
    file: Sections,
    own: Sequence[Source],
    built_in: Sequence[RuleSection],
    drafts: Sequence[Draft],
    limits: Mapping[str, Limits],
    *,
    complete: bool,
) -> dict[str, tuple[Rule, ...]]:
    """The rules of each target by its name. Not `complete`: some targets or checks are wrong, so that what
    seems to be missing may only be misspelt there."""
    _switches(shop, own, built_in)
    replaced = {source.section.name for source in own}
    sources = [Source(section) for section in built_in if section.name not in replaced]
    sources += [source for source in own if source.section.enabled and source.section.condition is not None]
    known = frozenset(metric for draft in drafts for metric in draft.metrics)
    known |= frozenset() if complete else USUAL_METRICS
    failures = file.thresholds.api_health.max_failures
    scopes = {draft.name: _scope(draft, limits, known, failures) for draft in drafts}
    if not scopes:
        scopes = {"": Scope("", {}, {}, {}, limits, known, failures)}
    found: dict[str, list[Rule]] = {draft.name: [] for draft in drafts}
    for source in sources:
        for name, rule in _spread(shop, file, source, drafts, scopes, complete=complete).items():
            found[name].append(rule)
    return {name: tuple(rules) for name, rules in found.items()}


def _switches(shop: Workshop, own: Sequence[Source], built_in: Sequence[RuleSection]) -> None:
    """A rule without a condition only makes sense where it switches a built-in one off."""
    names = [section.name for section in built_in]
    for source in own:
        section = source.section
        if section.condition is None and section.enabled:
            shop.wrong_key((*source.path, "condition"), "is missing: add one such as `cpu > 85`.")
        elif section.condition is None and section.name not in names:
            place = (*source.path, "name")
            shop.wrong(place, f"there is no built-in rule `{section.name}`: {nearest(section.name, names)}")


def _scope(draft: Draft, limits: Mapping[str, Limits], known: frozenset[str], failures: int) -> Scope:
    intervals = {check.name: check.interval for check in draft.checks}
    return Scope(draft.name, draft.metrics, draft.kinds, intervals, limits, known, failures)


def _spread(
    shop: Workshop,
    file: Sections,
    source: Source,
    drafts: Sequence[Draft],
    scopes: Mapping[str, Scope],
    *,
    complete: bool,
) -> dict[str, Rule]:
    """One rule on every target that it is for and that has what it reads."""
    section = source.section
    _known_targets(shop, source, drafts)
    wanted = [name for name in scopes if not section.targets or name in section.targets]
    by_name = {draft.name: draft for draft in drafts}
    found: dict[str, Rule] = {}
    absent: list[ConditionError] = []
    for name in wanted:
        try:
            compiled = compile_condition(section.condition or "", scopes[name])
        except Absent as error:
            absent.append(error)
        except ConditionError as error:
            _complain(shop, source, error)
            return {}
        else:
            if _watched(shop, source, compiled, by_name[name]):
                found[name] = _rule(shop, file, source, compiled, scopes[name], by_name[name])
    if absent and complete and (section.targets or len(absent) == len(wanted)):
        _complain(shop, source, absent[0])
    return found


def _complain(shop: Workshop, source: Source, error: ConditionError) -> None:
    """A mistake in a rule's condition. In a built-in one it comes from a threshold of the file, or from a
    check that looks too rarely, which a person may have meant: that is only said."""
    if not source.built_in:
        shop.wrong((*source.path, "condition"), str(error), error.offset)
        return
    if isinstance(error, Absent | Unknown):
        return
    rule = source.section.name
    named = _THRESHOLD.findall(source.section.condition or "")
    given = [name for name in named if shop.value(("thresholds", name)) is not None]
    if given:
        shop.wrong(("thresholds", given[0]), f"the rule {rule} cannot work with it: {error}")
    else:
        shop.remark(f"rule {rule} does not apply: {error}")


def _known_targets(shop: Workshop, source: Source, drafts: Sequence[Draft]) -> None:
    names = [draft.name for draft in drafts]
    if not names:
        return
    for number, name in enumerate(source.section.targets):
        if name not in names:
            shop.wrong(
                (*source.path, "targets", number), f"there is no target `{name}`: {nearest(name, names)}"
            )


def _watched(shop: Workshop, source: Source, compiled: Compiled, draft: Draft) -> bool:
    """Whether a check that the rule reads is on; a rule that nothing can feed is left out, and said."""
    if compiled.reads - draft.off or not compiled.reads:
        return True
    if not source.built_in:
        checks = ", ".join(sorted(compiled.reads))
        shop.remark(f"rule {source.section.name} is off: the schedule of {checks} is switched off.")
    return False


def _rule(
    shop: Workshop, file: Sections, source: Source, compiled: Compiled, scope: Scope, draft: Draft
) -> Rule:
    section = source.section
    need = section.samples or compiled.samples
    of = section.of_samples or need
    if of < need:
        shop.wrong((*source.path, "of_samples"), f"must be at least `samples` ({need}).")
    if compiled.mixed and section.for_seconds is None and section.samples is None and not source.built_in:
        shop.remark(
            f"rule {section.name}: its parts ask for different times; all of it must hold "
            f"for {compiled.hold:g} s and {compiled.samples} samples."
        )
    guarded = file.outages is not None and file.outages.enabled
    causes = draft.section.restart.causes or usual(guarded=guarded)
    return Rule(
        name=section.name,
        condition=compiled.expr,
        severity=section.severity,
        priority=section.priority or _priority(section.severity, compiled),
        message=section.message,
        action=action_of(
            shop,
            file.actions,
            section,
            compiled,
            path=source.path,
            scope=scope,
            causes=causes,
        ),
        hold_seconds=compiled.hold if section.for_seconds is None else section.for_seconds,
        need=need,
        of=max(need, of),
        recover_seconds=_recover(section, compiled),
        reads=compiled.reads,
        shows=_shows(shop, source, compiled, scope),
        by_gateway=needs_discord(compiled.expr, scope, causes),
    )


def _priority(severity: Severity, compiled: Compiled) -> Priority:
    """What a critical rule looks at may be more urgent than its severity alone (a dead process: P1)."""
    if severity is Severity.CRITICAL and compiled.priority:
        return min(compiled.priority, PRIORITY[severity], key=lambda priority: priority.rank)
    return PRIORITY[severity]


def _recover(section: RuleSection, compiled: Compiled) -> float:
    if section.recover_seconds is not None:
        return section.recover_seconds
    return RECOVER_SECONDS if operands(compiled.expr) else 0.0


def _shows(shop: Workshop, source: Source, compiled: Compiled, scope: Scope) -> tuple[Operand, ...]:
    """The numbers that the message names and the condition does not read."""
    section = source.section
    read = {operand.name for operand in operands(compiled.expr)}
    words = {*GUIDE_WORDS, *read, *scope.metrics, *vocabulary.words(scope)}
    for problem in check_template(section.message, words):
        shop.wrong((*source.path, "message"), f"{problem}.")
    found = []
    for name in sorted(fields_in(section.message) - read):
        operand = _number(name, scope)
        if operand is not None:
            found.append(operand)
    return tuple(found)


def _number(name: str, scope: Scope) -> Operand | None:
    try:
        quantity = vocabulary.number(name, scope, 0)
    except Absent:
        return None
    if quantity is None:
        return Reading(name, name=name) if name in scope.metrics else None
    return _in_unit(quantity)


def _in_unit(quantity: vocabulary.Quantity) -> Operand:
    unit = quantity.unit
    return replace(quantity.operand, scale=quantity.operand.scale / unit.factor, unit=unit.name)
