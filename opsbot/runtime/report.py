"""From newest samples to the sections of a health report, for a running opsbot and for a single look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from opsbot.checks.base import SECTIONS
from opsbot.domain.health import Section
from opsbot.domain.levels import Outcome
from opsbot.domain.sample import Finding, Sample


def sections_of(titles: Mapping[str, str], samples: Mapping[str, Sample]) -> tuple[Section, ...]:
    """`titles`: check → its section. `samples`: check → its newest sample; a check without one is unknown.

    The sections come in the guide's order, those it does not have behind.
    """
    grouped: dict[str, list[Finding]] = {}
    for check, title in sorted(titles.items(), key=lambda item: _place(item[1])):
        grouped.setdefault(title, []).extend(_findings(check, samples.get(check)))
    return tuple(Section(title, tuple(findings)) for title, findings in grouped.items())


def _place(title: str) -> int:
    return SECTIONS.index(title) if title in SECTIONS else len(SECTIONS)


def _findings(check: str, sample: Sample | None) -> Iterable[Finding]:
    if sample is None:
        return (Finding(Outcome.UNKNOWN, check.capitalize(), "not looked at yet"),)
    return sample.findings or (Finding(sample.outcome, check.capitalize(), sample.detail),)
