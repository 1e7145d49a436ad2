"""When and how a target's log is rotated: its section `rotate` over `actions.rotate_logs`, `schedules` and
`retention`."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

from opsbot.config import cron
from opsbot.config.conditions.units import DAY, MB
from opsbot.config.document import Path
from opsbot.config.finish import DEFAULT_LOGS_DIR
from opsbot.config.guide import Guide
from opsbot.config.models.target import Rotate
from opsbot.config.parts import Sections
from opsbot.config.targets import Draft
from opsbot.config.thresholds import Limits
from opsbot.config.workshop import Workshop
from opsbot.domain.rotation import LogSpec, RotationPolicy

DEFAULT_KEEP = 10
"""Archives of a log that are kept (the guide's `KEEP_FILES`)."""

REOPEN_SIGNALS = ("SIGHUP", "SIGUSR1", "SIGUSR2")
"""What programs reopen their logs on. Others end, halt or dump a program that does not know them."""


def policies(
    shop: Workshop,
    file: Sections,
    guide: Guide | None,
    limits: Mapping[str, Limits],
    drafts: Sequence[Draft],
) -> dict[str, RotationPolicy]:
    """The policy of each target that has a log."""
    logs = {draft.name: path for draft in drafts if (path := _log_of(shop, draft)) is not None}
    shared = _shared(shop, drafts, logs)
    stems = Counter(path.stem for path in set(logs.values()))
    found = {}
    for draft in drafts:
        path = logs.get(draft.name)
        if path is not None:
            name = path.stem if stems[path.stem] == 1 else f"{draft.name}-{path.stem}"
            size = limits["log_size"].warning
            policy = _policy(shop, file, guide or Guide(), draft, path, name, size)
            found[draft.name] = replace(policy, enabled=False) if draft.name in shared else policy
    return found


def _shared(shop: Workshop, drafts: Sequence[Draft], logs: Mapping[str, FilePath]) -> set[str]:
    """Targets whose log is another one's too, which rotates it: the first that has a supervisor."""
    first: dict[FilePath, str] = {}
    shared = set()
    for draft in sorted(drafts, key=lambda draft: draft.supervisor is None):
        path = logs.get(draft.name)
        if path is None or (other := first.setdefault(path, draft.name)) == draft.name:
            continue
        shared.add(draft.name)
        if draft.supervisor is not None:
            shop.remark(f"{draft.name} and {other} have the same log, {path}: it is rotated with {other}.")
    return shared


def _log_of(shop: Workshop, draft: Draft) -> FilePath | None:
    """The log that is named, that the supervisor writes, or that a check reads."""
    section = draft.section.rotate
    if section.path is not None:
        return shop.base_dir / FilePath(section.path).expanduser()
    options: Any = draft.supervisor.options if draft.supervisor else None
    written = getattr(options, "log", None)
    if written is not None:
        return FilePath((options.cwd or shop.base_dir) / written)
    read = [check.options.path for check in draft.checks if check.kind == "log"]
    return FilePath(read[0]) if read else None


def _policy(
    shop: Workshop,
    file: Sections,
    guide: Guide,
    draft: Draft,
    path: FilePath,
    name: str,
    warning_mb: float,
) -> RotationPolicy:
    own, place = draft.section.rotate, ("targets", draft.name, "rotate")
    general, schedule = file.actions.rotate_logs, file.schedules.log_rotation
    days = file.retention.logs.duration_days if file.retention else 14.0
    size = _first(own.max_size_mb, general.max_size_mb, guide.max_size_mb, warning_mb)
    allowed = draft.supervisor is not None and general.enabled and schedule.enabled
    return RotationPolicy(
        log=LogSpec(
            path=path,
            archive_dir=_archives(shop, file, own, path),
            name=name,
            keep=int(_first(own.keep, general.keep_files, guide.keep_files, DEFAULT_KEEP)),
            max_age=(days if own.max_age_days is None else own.max_age_days) * DAY,
            watched=own.watched,
            reopen_signal=_signal(shop, own, (*place, "reopen_signal")),
            foreign=own.foreign,
        ),
        min_bytes=int(size * MB),
        interval=schedule.interval_seconds,
        cron=cron.checked(shop, own.cron, (*place, "cron"))
        or cron.checked(shop, schedule.cron, ("schedules", "log_rotation", "cron")),
        enabled=allowed if own.enabled is None else own.enabled,
    )


def _archives(shop: Workshop, file: Sections, own: Rotate, log: FilePath) -> FilePath:
    """The folder that is named; else the guide's, or, for a log that lies elsewhere, one beside the log."""
    named = own.archive_dir or (file.retention.logs.path if file.retention else None)
    if named is None and not log.is_relative_to(shop.base_dir):
        return log.parent / "archive"
    return shop.base_dir / FilePath(named or DEFAULT_LOGS_DIR).expanduser()


def _signal(shop: Workshop, own: Rotate, path: Path) -> signal.Signals | None:
    if own.reopen_signal is None:
        return None
    name = own.reopen_signal.upper()
    name = name if name.startswith("SIG") else f"SIG{name}"
    if name not in REOPEN_SIGNALS:
        usual = ", ".join(REOPEN_SIGNALS[:-1]) + f" or {REOPEN_SIGNALS[-1]}"
        shop.wrong(path, f"`{own.reopen_signal}` makes no program reopen its log: use {usual}.")
        return None
    return signal.Signals[name]


def _first(*values: float | None) -> float:
    return next(value for value in values if value is not None)
