"""The answer to `health`, the same from a running opsbot and from a single look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opsbot.domain.health import HealthReport
from opsbot.domain.levels import Outcome
from opsbot.draw.health import health_text
from opsbot.text import printable

Line = dict[str, Any]
"""One line of an answer, see `opsbot.control`."""

EXIT = {Outcome.OK: 0, Outcome.DEGRADED: 1, Outcome.UNKNOWN: 3}
"""Exit codes of `opsbot health` as Nagios plug-ins have them: 0 OK, 1 warning, 2 critical, 3 unknown."""

CRITICAL = 2


def health_answer(reports: Sequence[HealthReport]) -> Line:
    """Reports as text, as data, and the exit code of the worst."""
    worst = max(reports, key=lambda report: report.outcome.rank)
    return {
        "text": "\n\n".join(health_text(report) for report in reports),
        "data": [health_data(report) for report in reports],
        "exit": exit_code(worst),
    }


def exit_code(report: HealthReport) -> int:
    """The exit code that a report means."""
    return EXIT.get(report.outcome, CRITICAL)


def health_data(report: HealthReport) -> dict[str, Any]:
    """A report for programs. Times in seconds since 1970 UTC."""
    return {
        "target": report.target,
        "title": report.title,
        "at": report.at.wall,
        "outcome": report.outcome.value,
        "sections": [
            {
                "title": section.title,
                "outcome": section.outcome.value,
                "findings": [
                    {"outcome": f.outcome.value, "label": printable(f.label), "text": printable(f.text)}
                    for f in section.findings
                ],
            }
            for section in report.sections
        ],
        "incidents": list(report.incidents),
        "notes": [printable(note) for note in report.notes],
    }
