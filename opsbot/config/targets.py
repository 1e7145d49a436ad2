"""From the section `targets` to the checks and supervisors of each target."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from opsbot.config import adapters
from opsbot.config.adapters import Adapter, Packages
from opsbot.config.document import Path
from opsbot.config.models.check import CheckSection
from opsbot.config.models.target import TargetSection
from opsbot.config.parts import Sections
from opsbot.config.thresholds import disk_limits, merged
from opsbot.config.workshop import Workshop
from opsbot.domain.rule import RestartPolicy
from opsbot.domain.target import CheckSpec, SupervisorSpec

LOOP_OF_KIND = {"process": "performance_metrics", "disk": "disk_space"}
"""The schedule a kind of check belongs to; every other kind belongs to `health_check`."""

QUICK = {"heartbeat": 5.0, "log": 5.0, "gateway": 15.0, "sockets": 15.0}
"""Longest default interval in seconds of checks that cost next to nothing: a log is read where it grew."""

HEARTBEAT = "heartbeat"
"""The kind of check that hears at the web endpoint."""

MARGIN = 1.0
"""Seconds that a check with a timeout of its own has to tell of it before it is cancelled."""

PAIRED = {"warning_gb", "critical_gb", "warning_mb", "critical_mb"}
"""Options that checks have as a warning and what is critical."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,49}\Z", re.ASCII)

DEFAULT_TIMEOUT = 10.0
"""Seconds one look may take where nothing else is said (`thresholds.api_health`)."""


@dataclass(eq=False, repr=False)
class Draft:
    """A target on the bench: `metrics` with the check that gives each, `off`: checks whose loop is off."""

    name: str
    section: TargetSection
    checks: list[CheckSpec] = field(default_factory=list)
    metrics: dict[str, str] = field(default_factory=dict)
    off: set[str] = field(default_factory=set)
    supervisor: SupervisorSpec | None = None
    restart: RestartPolicy = field(default_factory=RestartPolicy)

    @property
    def kinds(self) -> dict[str, str]:
        """Each check's kind."""
        return {check.name: check.kind for check in self.checks}


def good_name(name: str) -> bool:
    """Whether a target may be called so: the name stands in file names and in Discord's menus."""
    return _NAME.match(name) is not None


def draft(
    shop: Workshop, file: Sections, name: str, path: Path, data: Mapping[str, Any], packages: Packages
) -> Draft | None:
    """Validates one target with everything in it."""
    section = shop.build(TargetSection, path, dict(data))
    if section is None:
        checks = data.get("checks")
        _checks(shop, file, checks if isinstance(checks, dict) else {}, path, packages, None)
        return None
    found = Draft(name, section)
    if not shop.watch_only:
        from opsbot.config.policy import restart_policy  # a look that restarts nothing starts faster without

        found.restart = restart_policy(shop, file, section.restart, (*path, "restart"))
    _checks(shop, file, _with_process(section), path, packages, found)
    elsewhere = section.supervisor is not None and section.supervisor.get("type", "process") != "process"
    if section.supervisor is not None and (elsewhere or not shop.watch_only):
        found.supervisor = _supervisor(shop, section.supervisor, (*path, "supervisor"), packages)
    return found


def _with_process(section: TargetSection) -> Mapping[str, Any]:
    """The checks, and one of the process where a supervisor could else not be told of its death."""
    kinds = [(data or {}).get("type", name) for name, data in section.checks.items()]
    if section.supervisor is None or "process" in kinds or "process" in section.checks:
        return section.checks
    return {"process": None, **section.checks}


def _checks(
    shop: Workshop,
    file: Sections,
    checks: Mapping[str, Any],
    path: Path,
    packages: Packages,
    found: Draft | None,
) -> None:
    for name, data in checks.items():
        place = (*path, "checks", name)
        if isinstance(data, dict | None):
            made = _check(shop, file, name, data or {}, place, packages)
            if made is not None and found is not None:
                _add(shop, file, found, *made, place)


def _process_of(shop: Workshop, path: Path, own: Mapping[str, Any]) -> dict[str, Any]:
    """How a process check finds its process while no supervisor can tell: as that would start it."""
    supervisor = shop.value((*path[:-2], "supervisor"))
    if not isinstance(supervisor, dict):
        return {}
    return {key: supervisor[key] for key in ("command", "cwd") if key in supervisor and key in own}


def _check(
    shop: Workshop, file: Sections, name: str, data: Mapping[str, Any], path: Path, packages: Packages
) -> tuple[CheckSpec, Adapter] | None:
    kind = data.get("type", name)
    module = adapters.find(shop, packages.checks, kind, (*path, "type") if "type" in data else path)
    if module is None:
        return None
    own = module.Options.model_fields
    rest = {key: value for key, value in data.items() if key not in CheckSection.model_fields or key in own}
    common = {key: value for key, value in data.items() if key not in rest}
    rest = {**_defaults(file, kind, own, rest), **rest}
    if shop.watch_only and kind == "process" and not {"command", "pid_file"} & rest.keys():
        rest |= _process_of(shop, path, own)
    general = shop.build(CheckSection, path, common)
    adapter = adapters.options(shop, module, kind, path, rest)
    if general is None or adapter is None:
        return None
    interval = general.interval_seconds or default_interval(file, kind)
    own_timeout = getattr(adapter.options, "timeout_seconds", None)
    timeout = own_timeout + MARGIN if own_timeout else general.timeout_seconds or DEFAULT_TIMEOUT
    return CheckSpec(name, kind, interval, timeout, adapter.options), adapter


def _add(shop: Workshop, file: Sections, found: Draft, spec: CheckSpec, adapter: Adapter, path: Path) -> None:
    for metric in adapter.metrics():
        if metric in found.metrics:
            other = found.metrics[metric]
            remedy = "give one of them another `prefix`" if _has_prefix(adapter) else "make it another target"
            shop.wrong_key(path, f"gives the metric `{metric}`, which `{other}` gives already: {remedy}.")
            break
        found.metrics[metric] = spec.name
    found.checks.append(spec)
    if not getattr(file.schedules, LOOP_OF_KIND.get(spec.kind, "health_check")).enabled:
        found.off.add(spec.name)


def _has_prefix(adapter: Adapter) -> bool:
    return "prefix" in type(adapter.options).model_fields


def default_interval(file: Sections, kind: str) -> float:
    """Seconds between two looks of a kind that does not say its own: the process as often as the more
    frequent of its two schedules, the health URL likewise."""
    loop: float = getattr(file.schedules, LOOP_OF_KIND.get(kind, "health_check")).interval_seconds
    if kind == "process":
        return min(loop, file.thresholds.process_down.check_interval_seconds)
    if kind == "http":
        return min(loop, file.thresholds.api_health.check_interval_seconds)
    return min(loop, QUICK.get(kind, loop))


def _defaults(file: Sections, kind: str, own: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Options that a check has from the thresholds when its own section does not say otherwise, as far as
    its kind knows them (`own`)."""
    limits, found = file.thresholds, {}
    if kind == "http":
        found["timeout_seconds"] = limits.api_health.timeout_seconds
        if given.get("prefix", "health") == "health":
            found["degraded_after"] = merged("response_time", limits.response_time).warning / 1000
    if kind == "disk":
        free = disk_limits(file)
        found["warning_gb"], found["critical_gb"] = free.warning, free.critical
    if kind == "log":
        size = merged("log_size", limits.log_size)
        found["warning_mb"], found["critical_mb"] = size.warning, size.critical
    if given.keys() & PAIRED:  # one of two that must be in order: the check's own other one fits better
        return {}
    return {name: value for name, value in found.items() if name in own}


def _supervisor(
    shop: Workshop, data: Mapping[str, Any], path: Path, packages: Packages
) -> SupervisorSpec | None:
    kind = data.get("type", "process")
    module = adapters.find(shop, packages.supervisors, kind, (*path, "type") if "type" in data else path)
    if module is None:
        return None
    rest = {key: value for key, value in data.items() if key != "type"}
    adapter = adapters.options(shop, module, kind, path, rest)
    if adapter is None:
        return None
    options = adapter.options
    if getattr(options, "cwd", "") is None:
        options = options.model_copy(update={"cwd": shop.base_dir})
    return SupervisorSpec(kind, options)
