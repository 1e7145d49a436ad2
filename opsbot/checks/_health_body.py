"""The guide's `/health` answer: `status`, `version` and `services`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from opsbot import redact
from opsbot.checks._json import Json
from opsbot.checks.base import bounded
from opsbot.domain.levels import Outcome
from opsbot.domain.sample import Finding

SERVICES_SHOWN = 20
"""Sub-services in a report at most: a body is not trusted with its length."""

_NAME_LIMIT = 60
_GOOD = frozenset({"healthy", "ok", "okay", "up", "pass", "passing", "ready", "enabled", "true", "available"})
_HALF = frozenset({"degraded", "warning", "warn", "partial"})


class Weight(StrEnum):
    """What it means when a sub-service is not healthy."""

    FAIL = "fail"  # the target itself fails
    DEPENDENCY = "dependency"  # shown as failed; the target is degraded: a restart does not help
    WARN = "warn"  # a warning
    IGNORE = "ignore"  # not looked at


DEFAULT_WEIGHTS: Mapping[str, Weight] = {
    "summarization_engine": Weight.FAIL,
    "claude_api": Weight.DEPENDENCY,
    "cache": Weight.WARN,
}
"""alert-config.yml's meaning: the first two are failures, `cache` is a warning, any other is degraded.
Claude's outage is a failure that restarting the target does not mend."""

DEFAULT_LABELS: Mapping[str, str] = {"summarization_engine": "Summarization", "claude_api": "Claude API"}


def judge(
    body: Json, weights: Mapping[str, Weight], labels: Mapping[str, str]
) -> tuple[Outcome, list[Finding]]:
    """The outcome of a whole body, and its lines."""
    if not isinstance(body, dict):
        return _wrong(f"answered {_kind(body)} instead of an object")
    status = body.get("status")
    if not isinstance(status, str):
        what = f"`status` is {_kind(status)}, not text" if "status" in body else "the answer has no `status`"
        return _wrong(what)
    own = _outcome_of(status)
    findings = [Finding(own, "API Status", _status_text(status, body.get("version")))]
    services = body.get("services", {})
    if not isinstance(services, dict):
        return _wrong(f"`services` is {_kind(services)}, not an object")
    outcome = own
    for weight, finding in _services(services, weights, labels):
        findings.append(finding)
        outcome = max(outcome, _weighed(weight, finding.outcome), key=lambda o: o.rank)
    return outcome, findings


def _services(
    services: Mapping[str, Any], weights: Mapping[str, Weight], labels: Mapping[str, str]
) -> Iterator[tuple[Weight, Finding]]:
    known = [name for name in weights if name in services]
    others = [name for name in services if name not in weights][: SERVICES_SHOWN - len(known)]
    for name in services:
        weight = weights.get(name, Weight.WARN)
        if weight is Weight.IGNORE or name not in (*known, *others):
            continue
        label = labels.get(name) or _title(name) or "Service"
        healthy, text = _state(services[name], weight)
        bad = Outcome.DEGRADED if weight is Weight.WARN else Outcome.FAIL
        yield weight, Finding(Outcome.OK if healthy else bad, label, text)


def _state(value: Any, weight: Weight) -> tuple[bool, str]:
    if isinstance(value, dict):
        value = value.get("status")
    if value is True:
        return True, ""
    if value is False:
        return False, "disabled" if weight is Weight.WARN else "unavailable"
    if isinstance(value, str):
        healthy = value.strip().lower() in _GOOD
        return healthy, "" if healthy else bounded(value)
    return False, f"its state is {_kind(value)}"


def _weighed(weight: Weight, outcome: Outcome) -> Outcome:
    if weight is Weight.DEPENDENCY and outcome is Outcome.FAIL:
        return Outcome.DEGRADED
    return outcome


def _outcome_of(status: str) -> Outcome:
    word = status.strip().lower()
    if word in _GOOD:
        return Outcome.OK
    return Outcome.DEGRADED if word in _HALF else Outcome.FAIL


def _status_text(status: str, version: Any) -> str:
    text = bounded(status, _NAME_LIMIT) or "empty"
    if isinstance(version, str | int | float) and not isinstance(version, bool) and version != "":
        text += f", v{bounded(str(version).removeprefix('v'), _NAME_LIMIT)}"
    return text


def _wrong(reason: str) -> tuple[Outcome, list[Finding]]:
    return Outcome.FAIL, [Finding(Outcome.FAIL, "API Status", reason)]


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    names = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list"}
    return names.get(type(value), "an object")


def _title(name: str) -> str:
    """A service's name for people. Secrets go first: in other letters they would not be known any more."""
    return bounded(redact.hide(name).replace("_", " ").strip().title(), _NAME_LIMIT)
