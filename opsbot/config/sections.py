"""Reads the plain sections, each on its own, so that a mistake in one hides none in another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from opsbot.config.conditions.mistakes import nearest
from opsbot.config.fields import Section
from opsbot.config.models.actions import Action, Actions
from opsbot.config.models.schedules import Schedules
from opsbot.config.models.thresholds import Thresholds
from opsbot.config.models.top import Top
from opsbot.config.parts import Sections
from opsbot.config.thresholds import BUILT_IN, Limits, disk_limits, merged
from opsbot.config.workshop import Workshop

if TYPE_CHECKING:
    from opsbot.config.models.diagnostics import DiagnosticsSection
    from opsbot.config.models.discord import Discord
    from opsbot.config.models.incidents import Incidents
    from opsbot.config.models.outages import Outages
    from opsbot.config.models.retention import Retention
    from opsbot.config.models.switch import SwitchSection
    from opsbot.config.models.web import Web

S = TypeVar("S", bound=Section)


def read(shop: Workshop) -> Sections:
    """The sections of a file; one that is wrong is as built in, and told. Targets, rules and notifications
    are left to those who put them together."""
    data = shop.expansion.data
    top = shop.build(Top, (), {key: data[key] for key in Top.model_fields if key in data})
    return Sections(
        top=top or Top.model_construct(),
        thresholds=_one(shop, Thresholds, "thresholds"),
        schedules=_one(shop, Schedules, "schedules"),
        actions=_actions(shop),
        discord=None if shop.watch_only else _discord(shop),
        retention=None if shop.watch_only else _retention(shop),
        incidents=None if shop.watch_only else _incidents(shop),
        outages=None if shop.watch_only else _outages(shop),
        web=None if shop.watch_only else _web(shop),
        diagnostics=None if shop.watch_only else _diagnostics(shop),
        switch=None if shop.watch_only else _switch(shop),
    )


def _one(shop: Workshop, model: type[S], name: str) -> S:
    """One section. One that is not there is not validated, so its model need not be built."""
    built = None if shop.value((name,)) is None else shop.build(model, (name,))
    return cast(S, model.model_construct()) if built is None else built


def _discord(shop: Workshop) -> Discord | None:
    if shop.value(("discord",)) is None:
        return None
    from opsbot.config.models.discord import Discord

    return shop.build(Discord, ("discord",))


def _retention(shop: Workshop) -> Retention:
    from opsbot.config.models.retention import Retention

    return _one(shop, Retention, "retention")


def _incidents(shop: Workshop) -> Incidents:
    from opsbot.config.models.incidents import Incidents

    return _one(shop, Incidents, "incidents")


def _outages(shop: Workshop) -> Outages:
    from opsbot.config.models.outages import Outages

    return _one(shop, Outages, "outages")


def _diagnostics(shop: Workshop) -> DiagnosticsSection:
    from opsbot.config.models.diagnostics import DiagnosticsSection

    return _one(shop, DiagnosticsSection, "diagnostics")


def _web(shop: Workshop) -> Web | None:
    if shop.value(("web",)) is None:
        return None
    from opsbot.config.models.web import Web

    return shop.build(Web, ("web",))


def _switch(shop: Workshop) -> SwitchSection | None:
    if shop.value(("dead_mans_switch",)) is None:
        return None
    from opsbot.config.models.switch import SwitchSection

    return shop.build(SwitchSection, ("dead_mans_switch",))


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


def limits(shop: Workshop, file: Sections) -> dict[str, Limits]:
    """Every threshold that conditions can name, checked for order."""
    found = {name: merged(name, getattr(file.thresholds, name)) for name in BUILT_IN}
    found["disk_free"] = disk_limits(file)
    for name, limit in found.items():
        if reason := limit.disorder():
            shop.wrong(("thresholds", name), reason)
    return found
