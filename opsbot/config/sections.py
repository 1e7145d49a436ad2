"""Reads the plain sections, each on its own, so that a mistake in one hides none in another."""

from __future__ import annotations

from typing import Any, TypeVar

from opsbot.config.conditions.mistakes import nearest
from opsbot.config.fields import Section
from opsbot.config.models import Action, Actions, Discord, File, Retention, RuleSection, Schedules, Top
from opsbot.config.rules import Source
from opsbot.config.thresholds import BUILT_IN, Limits, Thresholds, merged
from opsbot.config.workshop import Workshop

S = TypeVar("S", bound=Section)


def read(shop: Workshop, *, watch_only: bool) -> File:
    """The sections of a file; one that is wrong is as built in, and told. Targets, rules and notifications
    are left to those who put them together."""
    data = shop.expansion.data
    top = shop.build(Top, (), {key: data[key] for key in Top.model_fields if key in data}) or Top()
    return File.model_construct(
        **{key: getattr(top, key) for key in Top.model_fields},
        discord=None if watch_only or "discord" not in data else shop.build(Discord, ("discord",)),
        targets={},
        thresholds=_one(shop, Thresholds, "thresholds"),
        rules=[],
        notifications={},
        schedules=_one(shop, Schedules, "schedules"),
        actions=_actions(shop),
        retention=_one(shop, Retention, "retention"),
    )


def _one(shop: Workshop, model: type[S], name: str) -> S:
    return shop.build(model, (name,)) or model()


def _actions(shop: Workshop) -> Actions:
    """The section `actions`: opsbot's own actions, and custom ones that must have a `command`."""
    given = shop.value(("actions",))
    if not isinstance(given, dict):
        return _one(shop, Actions, "actions")
    for name in given:
        if name not in Actions.model_fields:
            _custom(shop, name, given[name])
    own = {name: data for name, data in given.items() if name in Actions.model_fields and data is not None}
    found = shop.build(Actions, ("actions",), own) or Actions()
    for name in own:
        if getattr(found, name).script:
            shop.remark(f"actions.{name}.script is not run: opsbot's own action takes its place.")
    return found


def _custom(shop: Workshop, name: str, data: Any) -> None:
    path = ("actions", name)
    if isinstance(data, dict) and "command" in data:
        shop.build(Action, path)
        return
    shop.wrong_key(
        path,
        f"is not an action of opsbot: {nearest(name, Actions.model_fields)} "
        f"An action of your own needs a `command`, a list of words.",
    )


def limits(shop: Workshop, file: File) -> dict[str, Limits]:
    """Every threshold that conditions can name, checked for order."""
    found = {}
    for name in BUILT_IN:
        found[name] = merged(name, getattr(file.thresholds, name))
        if reason := found[name].disorder():
            shop.wrong(("thresholds", name), reason)
    if shop.value(("thresholds", "disk_free", "warning")) is None:
        found["disk_free"] = found["disk_free"].with_warning(file.schedules.disk_space.threshold_gb)
    return found


def own_rules(shop: Workshop) -> list[Source]:
    """The rules of the file; names are unique."""
    given = shop.value(("rules",))
    if not isinstance(given, list | None):
        shop.wrong(("rules",), "must be a list: begin each rule with `- name:`.")
    found: dict[str, Source] = {}
    for number in range(len(given) if isinstance(given, list) else 0):
        section = shop.build(RuleSection, ("rules", number), _filled(given[number]))
        if section is None:
            continue
        if section.name in found:
            shop.wrong(("rules", number, "name"), f"there are two rules named `{section.name}`: rename one.")
        found[section.name] = Source(section, ("rules", number))
    return list(found.values())


def _filled(item: Any) -> Any:
    """A list item that is empty (`-`) is told as what it is, not as all that it lacks."""
    return "nothing" if item is None else item
