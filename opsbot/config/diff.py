"""Two settings: what changed, in sentences, and which targets were renamed, added, removed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from opsbot.config.facts import Difference, differences
from opsbot.config.settings import Settings
from opsbot.domain.target import CheckSpec, SupervisorSpec, Target

ANEW = "takes effect when opsbot is started anew"

_OTHERWISE = frozenset(
    {
        "file",
        "state_dir",
        "base_dir",
        "targets",
        "maintenance",
        "access",
        "notifiers",
        "silent",
        "secrets",
        "hidden_env",
        "notices",
        "files",
        "rehearsal",
    }
)
"""What of `Settings` is compared in its own way, or follows from the rest."""


@dataclass(frozen=True, slots=True)
class Diff:
    """`changes`: sentences; `later`: what waits for a new start. Targets by name; `renamed`: old → new, in
    neither `added` nor `removed`; `changed`: those whose supervisor is another than before, by their new
    names."""

    changes: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    changed: tuple[str, ...] = ()

    def before(self, name: str) -> str:
        """What a target was called until now."""
        return next((old for old, new in self.renamed.items() if new == name), name)


def effective(old: Settings, new: Settings) -> Settings:
    """The new settings as far as they can take effect now: the state directory and Discord's login stay, and
    a dry run is one until its end."""
    kept = replace(new.rehearsed() if old.rehearsal else new, state_dir=old.state_dir)
    if _login(old) != _login(new):
        spec = next((s for s in old.notifiers if s.kind == "discord"), None)
        others = tuple(s for s in new.notifiers if s.kind != "discord")
        notifiers = others if spec is None else (spec, *others)
        kept = replace(kept, discord=old.discord, access=old.access, notifiers=notifiers)
    return kept


def _login(settings: Settings) -> Any:
    """What an open connection to Discord stands on."""
    discord = settings.discord
    return None if discord is None else (discord.token, discord.guild_id)


def compare(old: Settings, new: Settings) -> Diff:
    """What `new` changes of `old`."""
    later = tuple(_later(old, new))
    new = effective(old, new)
    was, now = {t.name: t for t in old.targets}, {t.name: t for t in new.targets}
    renamed = renames(was, now)
    lines = list(_targets(was, now, renamed))
    lines += _notifiers(old, new)
    lines += _access(old, new)
    lines += _named("maintenance", "window", old.maintenance, new.maintenance)
    for part in [one.name for one in fields(Settings) if one.name not in _OTHERWISE]:
        lines += map(str, differences(getattr(old, part), getattr(new, part), (part,)))
    return Diff(
        changes=tuple(lines),
        later=later,
        added=tuple(n for n in now if n not in was and n not in renamed.values()),
        removed=tuple(n for n in was if n not in now and n not in renamed),
        renamed=renamed,
        changed=tuple(
            new
            for old, new in {**renamed, **{n: n for n in was if n in now}}.items()
            if was[old].supervisor != now[new].supervisor
        ),
    )


def renames(was: Mapping[str, Target], now: Mapping[str, Target]) -> dict[str, str]:
    """Old → new names: one target went and one came that start and stop the very same service. Not where two
    could be meant."""
    gone = {n: i for n, t in was.items() if n not in now and (i := identity(t.supervisor))}
    come = {n: i for n, t in now.items() if n not in was and (i := identity(t.supervisor))}
    twice = {
        i for counts in (Counter(gone.values()), Counter(come.values())) for i, n in counts.items() if n > 1
    }
    return {
        old: new for old, i in gone.items() for new, other in come.items() if i == other and i not in twice
    }


def identity(supervisor: SupervisorSpec | None) -> tuple[str, ...]:
    """What a service is known by, with the kind of its supervisor; empty without one."""
    if supervisor is None:
        return ()
    found = supervisor.options.identity()
    return (supervisor.kind, *found) if found else ()


def _later(old: Settings, new: Settings) -> Iterator[str]:
    if old.state_dir != new.state_dir:
        yield f"{Difference(('state_dir',), f'`{old.state_dir}`', f'`{new.state_dir}`')}: {ANEW}"
    was, now = old.discord, new.discord
    if _login(old) == _login(new):
        return
    if was is None or now is None:
        yield f"discord: {'added' if was is None else 'removed'}: {ANEW}"
        return
    if was.token != now.token:
        yield f"discord.token: changed: {ANEW}"
    if was.guild_id != now.guild_id:
        yield f"discord.guild: {was.guild_id} → {now.guild_id}: the whole section {ANEW}"


# -- targets


def _targets(
    was: Mapping[str, Target], now: Mapping[str, Target], renamed: Mapping[str, str]
) -> Iterator[str]:
    for old, new in renamed.items():
        yield f"target {old} is renamed: {old} → {new}"
        yield from _target(was[old], replace(now[new], name=old), new)
    for name in was:
        if name not in now and name not in renamed:
            yield f"target {name}: removed"
    for name, target in now.items():
        if name in was:
            yield from _target(was[name], target, name)
        elif name not in renamed.values():
            yield f"target {name}: added"


def _target(old: Target, new: Target, name: str) -> Iterator[str]:
    place = f"target {name}"
    for key in ("title", "labels", "depends_on", "restart", "rotation", "close_watch", "credentials"):
        yield from _said(place, differences(getattr(old, key), getattr(new, key), (key,)))
    yield from _supervisor(place, old.supervisor, new.supervisor)
    yield from _named(place, "check", old.checks, new.checks)
    yield from _named(place, "rule", old.rules, new.rules)


def _supervisor(place: str, old: SupervisorSpec | None, new: SupervisorSpec | None) -> Iterator[str]:
    if (old.kind if old else None) != (new.kind if new else None):
        yield f"{place}: supervisor: {old.kind if old else 'none'} → {new.kind if new else 'none'}"
    elif old and new:
        yield from _said(f"{place}: supervisor", differences(old.options, new.options))


def _named(place: str, what: str, old: tuple[Any, ...], new: tuple[Any, ...]) -> Iterator[str]:
    """Things that have names: checks, rules, windows."""
    was, now = {one.name: one for one in old}, {one.name: one for one in new}
    yield from (f"{place}: {what} {name} removed" for name in was if name not in now)
    for name, one in now.items():
        if name not in was:
            yield f"{place}: {what} {name} added"
        else:
            yield from _said(f"{place}: {what} {name}", _inside(was[name], one))


def _inside(old: Any, new: Any) -> Iterator[Difference]:
    """Of a check its options as if they were its own keys, which in the file they are."""
    for found in differences(old, new):
        inner = isinstance(old, CheckSpec) and found.path[:1] == ("options",) and len(found.path) > 1
        yield replace(found, path=found.path[1:]) if inner else found


def _said(place: str, found: Iterator[Difference]) -> Iterator[str]:
    yield from (f"{place}: {one}" for one in found)


# -- the rest


def _notifiers(old: Settings, new: Settings) -> Iterator[str]:
    was, now = {s.name: s for s in old.notifiers}, {s.name: s for s in new.notifiers}
    yield from (f"notifier {name}: removed or off" for name in was if name not in now)
    for name, spec in now.items():
        if name not in was:
            yield f"notifier {name}: added ({spec.kind})"
        elif was[name].kind != spec.kind:
            yield f"notifier {name}: {was[name].kind} → {spec.kind}"
        else:
            yield from _said(f"notifier {name}", differences(was[name].options, spec.options))


def _access(old: Settings, new: Settings) -> Iterator[str]:
    yield from _said("discord", differences(old.access, new.access, ("roles",)))
