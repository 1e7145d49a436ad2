"""The report for whoever is asked for help: the monitoring guide's six points ("Report Issue: include in your
report"), filled in as far as opsbot knows, with what a person must add."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from opsbot.diagnostics.base import TITLES
from opsbot.diagnostics.past import Past, entry_text
from opsbot.domain.health import HealthReport
from opsbot.domain.incident import Incident
from opsbot.domain.lasting import spans
from opsbot.domain.levels import Outcome
from opsbot.draw.health import finding_text
from opsbot.draw.incident import utc_text
from opsbot.text import one_line, seconds_text

DAY = 86_400.0
LATELY = 7 * DAY
"""Seconds over which incidents are counted."""

_NAME, _TEXT = 80, 300
_LINES = 12
_CHANGES = ("restart", "start", "stop", "rotate_logs", "reload", "deploy", "adopt", "pause", "resume")
_ADD = "_To be added by you:_"


@dataclass(frozen=True, slots=True)
class About:
    """What the report is about. `health`: None if it could not be looked at. `version`: opsbot's."""

    target: str
    title: str
    at: float
    version: str
    system: str
    past: Past
    health: HealthReport | None = None

    @property
    def incident(self) -> Incident | None:
        """The live one, else the newest."""
        live = [incident for incident in self.past.incidents if incident.live]
        return live[0] if live else next(iter(self.past.incidents), None)


def report_text(about: About) -> str:
    """Markdown: whoever asks for help pastes it."""
    parts = [
        f"# {one_line(about.title, _NAME)} ({one_line(about.target, _NAME)}): {_headline(about)}",
        f"Made by opsbot {about.version} at {utc_text(about.at)} on {about.system}.",
        "## 1. Diagnostic bundle\n\n" + "\n".join(_bundle()),
        "## 2. Steps to reproduce\n\n" + "\n".join(_steps(about)),
        "## 3. Expected and actual behavior\n\n" + "\n".join(_behaviour(about)),
        "## 4. Recent changes or deployments\n\n" + "\n".join(_changes(about)),
        "## 5. Frequency and severity\n\n" + "\n".join(_frequency(about)),
        "## 6. Impact on users\n\n" + "\n".join(_impact(about)),
    ]
    return "\n\n".join(parts) + "\n"


def _headline(about: About) -> str:
    if about.incident is not None and about.incident.live:
        return f"incident #{about.incident.id}, {one_line(about.incident.title, _TEXT)}"
    if about.health is None:
        return "its health could not be looked at"
    return "all is well now" if about.health.outcome is Outcome.OK else "something is wrong"


def _bundle() -> Iterator[str]:
    yield "This file is one of these; `manifest.json` says which are missing, and what was hidden."
    yield ""
    yield from (f"- `{file}`: {title}" for file, title in TITLES.items())


def _steps(about: About) -> Iterator[str]:
    if about.incident is not None:
        yield f"What opsbot saw of incident #{about.incident.id}, the newest last:"
        yield ""
        for entry in about.incident.timeline[-_LINES:]:
            yield f"- {one_line(entry_text(entry), _TEXT)}"
    else:
        yield "No incident is on record."
    yield from ("", f"{_ADD} what was done before it happened, step by step, and whether it happens again.")


def _behaviour(about: About) -> Iterator[str]:
    yield "Expected: every check of the target is ✓. Actual:"
    yield ""
    found = [f for s in about.health.sections for f in s.findings] if about.health else []
    bad = [finding for finding in found if finding.outcome is not Outcome.OK]
    if about.health is None:
        yield "- not known: the health report could not be made"
    yield from (f"- {finding_text(finding)}" for finding in bad)
    if found and not bad:
        yield f"- nothing that is looked at is wrong now ({len(found)} findings)"
    yield from ("", f"{_ADD} what you expected to happen, and what happened instead.")


def _changes(about: About) -> Iterator[str]:
    past = about.past
    if past.running is not None:
        yield f"- runs since {utc_text(past.running.since.wall)} (pid {past.running.process.pid})"
    if past.exit is not None:
        yield f"- its last process {past.exit} at {utc_text(past.exit.at.wall)}"
    yield from (f"- started anew at {utc_text(wall)}" for wall in past.starts[-_LINES:])
    changes = [act for act in past.acts if act.verb in _CHANGES]
    for act in changes[-_LINES:]:
        who, why = one_line(act.actor.name, _NAME), one_line(act.reason, _TEXT)
        yield f"- {utc_text(act.at.wall)}: {act.verb} by {who}, {act.outcome}{': ' + why if why else ''}"
    yield from ("", f"{_ADD} new versions, changed settings, keys or hosts.")


def _frequency(about: About) -> Iterator[str]:
    recent = [i for i in about.past.incidents if about.at - i.opened.wall < LATELY]
    yield f"- incidents within {seconds_text(LATELY)}: {len(recent)}"
    for priority in sorted({i.priority for i in recent}, key=lambda p: p.rank):
        yield f"  - {priority.value}: {sum(i.priority is priority for i in recent)}"
    if (incident := about.incident) is not None:
        state = "not over" if incident.live else "over"
        severity = f"{incident.priority.value}, {incident.severity.value}"
        yield f"- incident #{incident.id}: {severity}, {state}; alerts fired {incident.fired} times"
    yield f"- restarts within the last hour: {len(about.past.restarts)}"
    yield from (f"- firing: {one_line(a.rule, _NAME)} ({a.priority.value})" for a in about.past.alerts)
    yield from ("", f"{_ADD} since when, how often, and whether it can be lived with.")


def _impact(about: About) -> Iterator[str]:
    incident = about.incident
    if incident is not None:
        lasted = seconds_text(_seconds(incident, about.at, since=0.0))
        times = f", open {len(incident.openings)} times" if incident.past else ""
        yield f"- incident #{incident.id} {'lasts' if incident.live else 'lasted'} {lasted}{times}"
    lost = sum(_seconds(i, about.at, since=about.at - LATELY) for i in about.past.incidents)
    yield f"- in incidents within {seconds_text(LATELY)}: {seconds_text(lost)} in all"
    yield from ("", f"{_ADD} who is affected, and what they cannot do.")


def _seconds(incident: Incident, now: float, since: float) -> float:
    """How long it was open between two times (seconds since 1970 UTC)."""
    return sum(max(0.0, min(end, now) - max(start, since)) for start, end in spans(incident, now))
