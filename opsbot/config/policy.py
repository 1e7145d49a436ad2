"""How a target is restarted: its own section over `actions.restart` and `thresholds.process_down`.

A limit that can never be reached is refused: it would promise a hold that never comes.
"""

from __future__ import annotations

from opsbot.config.document import Path
from opsbot.config.models.target import Restart
from opsbot.config.parts import Sections
from opsbot.config.workshop import Workshop
from opsbot.domain.rule import RestartPolicy
from opsbot.engine.restarts import HOUR, most_in_an_hour

BELOW_RESET = 0.9
"""The longest wait, where the file does not say it, as a part of the health after which waits begin anew."""


def restart_policy(shop: Workshop, file: Sections, own: Restart, path: Path) -> RestartPolicy:
    """The policy of the target whose section `restart` is at `path`. Of the two limits per hour in the alert
    file (`max_attempts`, `max_restarts_per_hour`) the smaller one holds."""
    action, usual = file.actions.restart, RestartPolicy()
    per_hour = min(action.max_attempts, file.thresholds.process_down.max_restarts_per_hour)
    first = _or(own.backoff_seconds, action.backoff_seconds)
    reset = _or(own.healthy_reset_seconds, usual.healthy_reset)
    longest = min(usual.backoff_max, reset * BELOW_RESET)
    policy = RestartPolicy(
        enabled=action.enabled if own.enabled is None else own.enabled,
        max_per_hour=own.max_per_hour or per_hour,
        backoff_first=first,
        backoff_max=max(first, _or(own.backoff_max_seconds, longest)),
        healthy_reset=reset,
        never_codes=usual.never_codes if own.never_codes is None else frozenset(own.never_codes),
        handover=_or(own.handover_seconds, usual.handover),
        start_grace=_or(own.start_grace_seconds, usual.start_grace),
        stop_timeout=_or(own.stop_timeout_seconds, usual.stop_timeout),
        start_timeout=_or(own.start_timeout_seconds, usual.start_timeout),
    )
    if own.backoff_max_seconds is not None and own.backoff_max_seconds < first:
        text = f"the longest wait is shorter than the first, which is {first:g} s: make it longer."
        shop.wrong((*path, "backoff_max_seconds"), text)
    _refuse_the_unreachable(shop, policy, path)
    return policy


def _refuse_the_unreachable(shop: Workshop, policy: RestartPolicy, path: Path) -> None:
    if policy.backoff_max >= policy.healthy_reset:
        place = _given(shop, path, "backoff_max_seconds", "backoff_seconds", "healthy_reset_seconds")
        shop.wrong(
            place,
            f"a wait of {policy.backoff_max:g} s between restarts would count as the "
            f"{policy.healthy_reset:g} s of health after which waits begin anew: make "
            f"`healthy_reset_seconds` greater than the longest wait.",
        )
        return
    most = most_in_an_hour(policy)
    if policy.max_per_hour > most:
        place = _given(shop, path, "max_per_hour", "backoff_seconds", "backoff_max_seconds")
        shop.wrong(
            place,
            f"a limit of {policy.max_per_hour} restarts in {HOUR / 60:g} minutes can never be reached: with "
            f"these waits at most {most} fit in. Lower the limit, or the waits.",
        )


def _given(shop: Workshop, path: Path, *keys: str) -> Path:
    """The first of these keys that the file has, here or in the sections that hold for all targets."""
    general: dict[str, tuple[Path, ...]] = {
        "max_per_hour": (
            ("actions", "restart", "max_attempts"),
            ("thresholds", "process_down", "max_restarts_per_hour"),
        ),
        "backoff_seconds": (("actions", "restart", "backoff_seconds"),),
    }
    places: list[Path] = []
    for key in keys:
        places += [(*path, key), *general.get(key, ())]
    return next((place for place in places if shop.value(place) is not None), path)


def _or(given: float | None, usual: float) -> float:
    return usual if given is None else given
