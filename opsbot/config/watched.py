"""Puts the targets together: checks, supervisor, restart policy, rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from opsbot.config import guide as summarybot
from opsbot.config import targets as drafts
from opsbot.config.adapters import Packages
from opsbot.config.document import Path
from opsbot.config.guide import Guide
from opsbot.config.online import networked
from opsbot.config.parts import Sections
from opsbot.config.relations import check_parents, check_twins
from opsbot.config.targets import Draft
from opsbot.config.thresholds import Limits
from opsbot.config.workshop import Workshop
from opsbot.domain.diagnostics import Investigation
from opsbot.domain.rotation import RotationPolicy
from opsbot.domain.rule import Rule
from opsbot.domain.target import Target


def targets(
    shop: Workshop,
    file: Sections,
    guide: Guide | None,
    limits: Mapping[str, Limits],
    packages: Packages,
) -> tuple[Target, ...]:
    """All targets; those of the file, or Summary Bot NG when it names none."""
    given = _given(shop, guide)
    named = [
        drafts.draft(shop, file, name, ("targets", name), data, packages) for name, data in given.items()
    ]
    found = [draft for draft in named if draft is not None]
    if shop.watch_only:
        return tuple(_target(draft) for draft in found)
    from opsbot.config.credentials import credentials
    from opsbot.config.rotation import policies

    check_parents(shop, {draft.name: draft.section.depends_on for draft in found}, set(given))
    check_twins(shop, found)
    rules = _rules(shop, file, found, limits)
    rotations = policies(shop, file, guide, limits, found)
    looks, monitor = _investigation(file), file.actions.monitor
    made = (_target(d, rules.get(d.name, ()), rotations.get(d.name)) for d in found)
    return tuple(
        replace(
            target,
            investigation=looks,
            close_watch=monitor.duration_seconds if monitor.enabled else 0.0,
            credentials=credentials(shop, file, draft, target.rules),
        )
        for draft, target in zip(found, made, strict=True)
    )


def _investigation(file: Sections) -> Investigation | None:
    """What is collected by itself; nothing where the action is off."""
    given = file.diagnostics
    if not file.actions.investigate.enabled or given is None:
        return None
    return Investigation(on_p1=given.on_p1)


def _rules(
    shop: Workshop, file: Sections, found: Sequence[Draft], limits: Mapping[str, Limits]
) -> dict[str, tuple[Rule, ...]]:
    """Loaded only here: a command that looks once needs no rules."""
    from opsbot.config.builtin_rules import built_in, upstreams_of
    from opsbot.config.rules import for_targets
    from opsbot.config.written_rules import own_rules

    metrics = {metric for draft in found for metric in draft.metrics}
    beats = {name for draft in found for name, kind in draft.kinds.items() if kind == drafts.HEARTBEAT}
    own = built_in(upstreams_of(metrics), beats) if file.top.builtin_rules else ()
    written = own_rules(shop)
    complete = not any(path and path[0] == "targets" for path, _ in shop.problems)
    return for_targets(shop, file, written, list(own), found, limits, complete=complete)


def _given(shop: Workshop, guide: Guide | None) -> dict[str, dict[str, Any]]:
    if guide is not None:
        shop.expansion.data["targets"] = {summarybot.TARGET: summarybot.target(guide)}
    given = shop.value(("targets",))
    if not isinstance(given, dict):
        shop.wrong(("targets",), "must hold one key for each watched service.")
        return {}
    for name, data in given.items():
        path: Path = ("targets", name)
        if not drafts.good_name(name):
            shop.wrong_key(path, "is no name: use letters, digits, `_` and `-`, at most 50.")
        if not isinstance(data, dict):
            shop.wrong(path, "must hold keys with values, such as `checks`.")
    return {name: data for name, data in given.items() if isinstance(data, dict)}


def _target(draft: Draft, found: Sequence[Rule] = (), rotation: RotationPolicy | None = None) -> Target:
    checks = tuple(check for check in draft.checks if check.name not in draft.off)
    return Target(
        name=draft.name,
        title=draft.section.title or draft.name,
        checks=checks,
        rules=tuple(found),
        supervisor=draft.supervisor,
        restart=draft.restart,
        labels=dict(draft.section.labels),
        depends_on=tuple(draft.section.depends_on),
        rotation=rotation,
        networked=networked(checks),
    )
