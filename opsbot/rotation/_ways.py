"""Chooses how a log is set aside: the first way that fits, see `opsbot.rotation.base`."""

from __future__ import annotations

from opsbot.clock import Clock
from opsbot.domain.process import Running
from opsbot.rotation._cut import Abilities, file_system
from opsbot.rotation._cutting import Collapsing, Cutting, Punching, Truncating
from opsbot.rotation._writers import Survey, named
from opsbot.rotation.base import LogSpec, Plan, Way

EMPTIED = "what is archived is emptied where it is, so that the log begins with zeros and keeps its length"


def by_rename(spec: LogSpec, running: Running | None, size: int) -> Plan | None:
    """The ways that rename; None when nobody would open the log anew."""
    if spec.owned and (running is None or running.keeper_pid):
        why = "opsbot's keeper writes it" + (not running) * ", and the target does not run"
        return Plan(Way.KEEPER, size, why)
    if spec.watched:
        return Plan(Way.REOPEN, size, "the target opens it anew once it was renamed")
    if spec.reopen_signal:
        return Plan(Way.REOPEN, size, f"the target opens it anew on {spec.reopen_signal.name}")
    return None


def by_cut(seen: Survey, able: Abilities, device: int, size: int) -> Plan:
    """The ways that copy and cut."""
    system = file_system(device)
    if able.block and not seen.overwriting and (seen.writers or not seen.hidden):
        who = f"all who write to it append ({named(seen.writers)})" if seen.writers else "nobody writes to it"
        note = f"; {seen.hidden}" if seen.hidden else ""
        return Plan(Way.COLLAPSE, size, f"{who}, and {system} can cut{note}")
    cause = _cause(seen, system)
    if seen.overwriting and able.punch:
        return Plan(Way.TRUNCATE, size, f"{cause}: {EMPTIED}")
    if not seen.writers and not seen.hidden:
        return Plan(Way.TRUNCATE, size, f"{cause}, but nobody writes to it")
    warning = f"Lines that are written in the moment of the cut are lost, for {cause}."
    return Plan(Way.TRUNCATE, size, cause, warning)


def cutting(way: Way, seen: Survey, able: Abilities, clock: Clock) -> Cutting:
    """How the head comes off."""
    if way is Way.COLLAPSE and able.block:
        return Collapsing(able.block)
    return Punching() if seen.overwriting and able.punch else Truncating(clock)


def _cause(seen: Survey, system: str) -> str:
    if seen.overwriting:
        return f"{named(seen.overwriting)} writes to it without appending"
    if not seen.writers and seen.hidden:
        return f"it cannot be seen who writes to it ({seen.hidden})"
    return f"{system} cannot cut the head off a file"
