"""What a change of the configuration means for what runs, told before and after it is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from opsbot.config.diff import Diff, identity
from opsbot.config.settings import Settings
from opsbot.domain.process import Running
from opsbot.domain.target import SupervisorSpec, Target


def consequences(old: Settings, new: Settings, diff: Diff, running: Mapping[str, Running]) -> tuple[str, ...]:
    """One sentence for each target that is affected. `running`: what runs, by the old names."""
    was, now = {t.name: t for t in old.targets}, {t.name: t for t in new.targets}
    found = [_renamed(before, after, running.get(before)) for before, after in diff.renamed.items()]
    found += [_removed(was[name], running.get(name)) for name in diff.removed]
    for name in diff.added:
        found += _added(now[name], [was[n] for n in diff.removed if n in running], running)
    for name in diff.changed:
        found += _changed(was[diff.before(name)], now[name], running.get(diff.before(name)))
    return tuple(found)


def _renamed(old: str, new: str, process: Running | None) -> str:
    what = f"its process (pid {process.process.pid}) runs on" if process else "it does not run now"
    return (
        f"{old} is called {new} now: {what}, and its incident, its pause, its wanted state and its history "
        f"go with it."
    )


def _removed(target: Target, process: Running | None) -> str:
    if target.supervisor is None:
        return f"{target.name} is no longer watched."
    return f"{target.name} is no longer watched; {parting(process)}."


def parting(process: Running | None) -> str:
    """What becomes of the process of a target that is removed from the configuration."""
    if process is None:
        return "it does not run"
    return (
        f"its process (pid {process.process.pid}) runs on and is not touched. `opsbot stop` no longer "
        f"reaches it: put the target back, or end the process yourself"
    )


def _added(target: Target, gone: list[Target], running: Mapping[str, Running]) -> Iterator[str]:
    if target.supervisor is None:
        yield f"{target.name} is watched from now on."
        return
    alike = [old for old in gone if _looks_alike(old.supervisor, target.supervisor)]
    if not alike:
        yield f"{target.name} is watched from now on, and started if it does not run."
        return
    pids = ", ".join(f"{old.name} (pid {running[old.name].process.pid})" for old in alike)
    yield (
        f"{target.name} is watched from now on. Is it what runs as {pids}? Nothing says so for certain. "
        f"Where that looks like it but for its arguments, no second one is started: take it with "
        f"/adopt {target.name} or `opsbot adopt {target.name}`, or end it."
    )


def _looks_alike(old: SupervisorSpec | None, new: SupervisorSpec) -> bool:
    """The same program, or a program in the same folder."""
    if old is None or old.kind != new.kind or identity(old) == identity(new):
        return old is not None and old.kind == new.kind
    was: tuple[str, ...] = getattr(old.options, "command", ())
    now: tuple[str, ...] = getattr(new.options, "command", ())
    same_program = bool(was and now) and Path(was[0]).name == Path(now[0]).name
    return same_program or (bool(was) and old.options.cwd == new.options.cwd)


def _changed(old: Target, new: Target, process: Running | None) -> Iterator[str]:
    text = stale(old.supervisor, new.supervisor, process)
    if text:
        yield f"{new.name}: {text}"
    elif new.supervisor is None:
        pid = f" Its process (pid {process.process.pid}) runs on." if process else ""
        yield f"{new.name} is only watched from now on: opsbot neither starts nor stops it any more.{pid}"


def stale(old: SupervisorSpec | None, new: SupervisorSpec | None, process: Running | None) -> str:
    """What `/health` says of a process that runs as it was configured before; empty when nothing is to be
    said."""
    if old is None or new is None or process is None or old == new:
        return ""
    pid = process.process.pid
    if old.kind == new.kind == "process":
        return f"pid {pid} runs on as it was started; what has changed takes effect at its next restart"
    return (
        f"pid {pid}, which {_keeper(old)} started, runs on and is not touched. {_keeper(new).capitalize()} "
        f"starts nothing until it has ended: end it, and opsbot starts the service anew"
    )


def _keeper(spec: SupervisorSpec) -> str:
    names = {"process": "opsbot", "systemd": "systemd", "docker": "Docker"}
    return names.get(spec.kind, spec.kind)
