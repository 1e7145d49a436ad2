"""From a file and an environment to `Settings`, or to everything that is wrong with them at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from opsbot.config import finish, memory, runbooks, secret_names, sections, watched
from opsbot.config.adapters import Packages
from opsbot.config.conditions.mistakes import nearest
from opsbot.config.document import Document
from opsbot.config.environment import expand
from opsbot.config.guide import Guide, read_guide
from opsbot.config.guide import notifications as guide_notifications
from opsbot.config.models.top import Top
from opsbot.config.parts import Sections
from opsbot.config.peek import resolve
from opsbot.config.settings import NotifierSpec, Settings
from opsbot.config.switches import is_off
from opsbot.config.targets import HEARTBEAT
from opsbot.config.workshop import Workshop
from opsbot.config.yaml_loader import load_file
from opsbot.domain.maintenance import Window
from opsbot.domain.notice import Chain
from opsbot.domain.target import Target
from opsbot.errors import ConfigError, Problem

KEYS = (
    *Top.model_fields,
    "discord",
    "targets",
    "thresholds",
    "rules",
    "notifications",
    "schedules",
    "actions",
    "incidents",
    "outages",
    "retention",
    "web",
    "maintenance",
    "runbooks",
    "dead_mans_switch",
    "diagnostics",
    "postmortems",
    "reports",
)
"""The keys at the top of a file; a test compares them with the model of the whole file."""

NOT_WATCHED = (
    "discord",
    "notifications",
    "rules",
    "incidents",
    "outages",
    "retention",
    "web",
    "maintenance",
    "runbooks",
    "dead_mans_switch",
    "postmortems",
    "reports",
    "diagnostics",
)
"""Sections that `watch_only` does not look at."""


def load(
    path: Path | None,
    environ: Mapping[str, str] | None = None,
    *,
    watch_only: bool = False,
    packages: Packages | None = None,
) -> Settings:
    """Reads a configuration; `path` None: nothing is written down, everything is as built in. `environ`: the
    process' own when not given.

    `watch_only`: for commands that look once and tell nobody (`health`): the sections `discord`,
    `notifications`, `rules`, `incidents`, `outages`, `retention`, `web`, `maintenance`, `runbooks`,
    `dead_mans_switch`, `postmortems`, `reports` and `diagnostics` are not looked at (so their secrets may be
    unset), targets have no rules, and a supervisor only where nothing else knows their process; it takes half
    the time.

    Raises:
        ConfigError: with every problem that was found, in the file's order.
    """
    document = Document("defaults", {}) if path is None else load_file(path)
    environ = os.environ if environ is None else environ
    return settings(document, path, environ, watch_only=watch_only, packages=packages)


def settings(
    document: Document,
    path: Path | None,
    environ: Mapping[str, str],
    *,
    watch_only: bool = False,
    packages: Packages | None = None,
) -> Settings:
    """The same from a document that was read already."""
    shop = _workshop(document, path, environ, watch_only=watch_only)
    packages = packages or Packages()
    _known_keys(shop)
    file = sections.read(shop)
    guide = read_guide(shop) if not shop.value(("targets",)) else None
    file = _with_interval(shop, file, guide)
    limits = sections.limits(shop, file)
    targets = watched.targets(shop, file, guide, limits, packages)
    notifiers = () if watch_only else _notifiers(shop, file, packages, by_guide=guide is not None)
    chain = Chain() if watch_only else _chain(shop, notifiers)
    maintenance = () if watch_only else _maintenance(shop, [target.name for target in targets])
    books = () if watch_only else runbooks.folders(shop)
    least = None if watch_only else memory.postmortems(shop)
    times = {} if watch_only else memory.reports(shop, channel=file.discord is not None)
    targets = _heard(shop, file, targets)
    _raise_problems(shop)
    return Settings(
        file=path,
        state_dir=resolve(file.top.state_dir, path),
        base_dir=shop.base_dir,
        targets=targets,
        discord=finish.discord(shop, file),
        access=finish.access(file),
        notifiers=notifiers,
        chain=chain,
        maintenance=maintenance,
        runbooks=books,
        postmortems=least,
        reports=times,
        schedules=finish.schedules(file),
        actions=finish.actions(shop, file),
        retention=finish.retention(shop, file, guide),
        incidents=finish.incidents(file),
        outages=finish.outages(file, targets),
        web=finish.web(shop, file),
        diagnostics=finish.diagnostics(shop, file),
        dead_mans_switch=finish.switch(shop, file),
        secrets=secret_names.loaded(shop),
        hidden_env=secret_names.hidden_from_targets(shop),
        notices=tuple(shop.notices),
        files=tuple(dict.fromkeys(shop.files)),
        reload_by_itself=file.top.reload == "auto",
        silent={} if watch_only else _silent(shop),
    )


def _workshop(
    document: Document, path: Path | None, environ: Mapping[str, str], *, watch_only: bool
) -> Workshop:
    expansion = expand(document, environ)
    for section, value in list(expansion.data.items()):
        if value is None:  # `rules:` with everything below it commented out
            del expansion.data[section]
    named = expansion.data.get("base_dir")
    folder = Path.cwd() if path is None else path.absolute().parent
    base = folder / Path(named).expanduser() if isinstance(named, str) else Path.cwd()
    return Workshop(document, expansion, environ, base, watch_only)


def _with_interval(shop: Workshop, file: Sections, guide: Guide | None) -> Sections:
    """The guide's `INTERVAL`, unless the file says how often performance is measured."""
    place = ("schedules", "performance_metrics", "interval_seconds")
    if guide is None or guide.interval is None or shop.value(place) is not None:
        return file
    performance = file.schedules.performance_metrics.model_copy(update={"interval_seconds": guide.interval})
    schedules = file.schedules.model_copy(update={"performance_metrics": performance})
    return replace(file, schedules=schedules)


def _known_keys(shop: Workshop) -> None:
    for key in shop.expansion.data:
        if key not in KEYS:
            shop.wrong_key((key,), f"is not a known key: {nearest(key, KEYS)}")


def _notifiers(
    shop: Workshop, file: Sections, packages: Packages, *, by_guide: bool
) -> tuple[NotifierSpec, ...]:
    given = shop.value(("notifications",))
    if given is None:
        given = guide_notifications(shop) if by_guide else {}
    if not isinstance(given, dict):
        shop.wrong(("notifications",), "must hold keys with values.")
        given = {}
    from opsbot.config import notifications

    return notifications.specs(shop, given, file.discord, packages)


def _chain(shop: Workshop, notifiers: tuple[NotifierSpec, ...]) -> Chain:
    given = shop.value(("notifications",))
    if not isinstance(given, dict):
        return Chain()
    from opsbot.config import chain, notifications

    return chain.chain(shop, given, notifiers, notifications.OPS_CHANNEL)


def _heard(shop: Workshop, file: Sections, targets: tuple[Target, ...]) -> tuple[Target, ...]:
    if shop.watch_only or not any(spec.kind == HEARTBEAT for t in targets for spec in t.checks):
        return targets
    from opsbot.config import heartbeats

    return heartbeats.heard(shop, file, targets)


def _maintenance(shop: Workshop, targets: list[str]) -> tuple[Window, ...]:
    if shop.value(("maintenance",)) is None:
        return ()
    from opsbot.config import maintenance

    return maintenance.windows(shop, targets)


def _silent(shop: Workshop) -> dict[str, str]:
    from opsbot.config import notifications

    return notifications.silent(shop.value(("notifications",)))


def _raise_problems(shop: Workshop) -> None:
    left_out = NOT_WATCHED if shop.watch_only else ()
    found = [problem for (path, _), problem in shop.problems.items() if path[0] not in left_out]
    found += shop.expansion.broken
    for path, problem in shop.expansion.unset.items():
        off = path[0] == "notifications" and is_off(shop.value(path[:2]))
        if not off and path[0] not in left_out:
            found.append(problem)
    if found:
        raise ConfigError(sorted(found, key=_order))


def _order(problem: Problem) -> tuple[bool, int, int]:
    return (problem.line == 0, problem.line, problem.column)
