"""The health report, for Discord and in the guide's text layout for the command line."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from opsbot.domain.health import HealthReport, Section
from opsbot.domain.levels import Outcome
from opsbot.domain.sample import Finding
from opsbot.draw.limits import EMBED_DESCRIPTION, clamp
from opsbot.draw.marks import OUTCOME_COLOUR, OUTCOME_MARK, OUTCOME_WORD
from opsbot.draw.payload import Embed, Field, Payload
from opsbot.text import discord_time, one_line, safe_text, units

RULE = "=" * 48
NO_DATA = Finding(Outcome.UNKNOWN, "Nothing seen yet")
_TITLE, _LABEL, _TEXT, _TERMINAL = 120, 60, 220, 400
_INCIDENTS_SHOWN = 10

_VERDICT = {
    Outcome.OK: "all is well",
    Outcome.DEGRADED: "works, with warnings",
    Outcome.UNKNOWN: "not all is known",
}


def health_payload(report: HealthReport) -> Payload:
    """The report as one embed: the guide's sections, one line a finding, readable on a phone."""
    outcome = report.outcome
    verdict = _VERDICT.get(outcome, "has a problem")
    embed = Embed(
        title=f"{OUTCOME_MARK[outcome]} {safe_text(report.title, _TITLE)}: {verdict}",
        description=_within(EMBED_DESCRIPTION, _sections(report)),
        colour=OUTCOME_COLOUR[outcome],
        fields=tuple(_fields(report)),
        footer="opsbot health",
        at=report.at.wall,
    )
    return clamp(Payload(embeds=(embed,)))


def health_text(report: HealthReport, zone: tzinfo = UTC) -> str:
    """The report in the guide's layout, without colours; `zone` is the reader's. Ends without a newline."""
    when = f"{datetime.fromtimestamp(report.at.wall, zone):%Y-%m-%d %H:%M:%S}"
    lines = [RULE, f"{one_line(report.title, _TITLE)} - Health Check", RULE, f"Timestamp: {when}", ""]
    for number, section in enumerate(report.sections, 1):
        lines += [f"{number}. {one_line(section.title, _TITLE)}"]
        lines += [finding_text(finding) for finding in section.findings or (NO_DATA,)]
        lines += [""]
    lines += _text_notes(report)
    return "\n".join([*lines, RULE, "Health Check Complete", RULE])


def finding_text(finding: Finding) -> str:
    """ "✓ Health Endpoint: OK (HTTP 200)", as the guide writes a finding."""
    said = one_line(finding.text, _TERMINAL)
    label = one_line(finding.label, _TITLE)
    line = f"{OUTCOME_MARK[finding.outcome]} {label}: {OUTCOME_WORD[finding.outcome]}"
    return f"{line} ({said})" if said else line


def _text_notes(report: HealthReport) -> list[str]:
    notes = [f"Note: {one_line(note, _TERMINAL)}" for note in report.notes]
    if report.incidents:
        notes.append(f"Open incidents: {', '.join(f'#{number}' for number in report.incidents)}")
    return [*notes, ""] if notes else []


def _sections(report: HealthReport) -> list[str]:
    if not report.sections:
        return ["No checks are configured for this target."]
    return [_section(number, section) for number, section in enumerate(report.sections, 1)]


def _section(number: int, section: Section) -> str:
    head = f"**{number}. {safe_text(section.title, _TITLE)}**"
    return "\n".join([head, *(_finding(finding) for finding in section.findings or (NO_DATA,))])


def _finding(finding: Finding) -> str:
    said = safe_text(finding.text, _TEXT)
    line = f"{OUTCOME_MARK[finding.outcome]} {safe_text(finding.label, _LABEL)}: "
    line += OUTCOME_WORD[finding.outcome]
    return f"{line} ({said})" if said else line


def _fields(report: HealthReport) -> list[Field]:
    fields = [Field("Looked at", discord_time(report.at.wall), inline=True)]
    if report.incidents:
        shown = ", ".join(f"#{number}" for number in report.incidents[:_INCIDENTS_SHOWN])
        more = len(report.incidents) - _INCIDENTS_SHOWN
        fields.append(Field("Open incidents", f"{shown} and {more} more" if more > 0 else shown, inline=True))
    if report.notes:
        fields.append(Field("Notes", "\n".join(f"• {safe_text(n, _TEXT)}" for n in report.notes[:4])))
    return fields


def _within(limit: int, blocks: list[str]) -> str:
    """Blocks with an empty line between; those that do not fit are counted, not cut in the middle."""
    kept: list[str] = []
    left = limit - 40  # room for the line that counts the rest
    for block in blocks:
        left -= units(block) + 2
        if left < 0 and kept:
            break
        kept.append(block)
    if len(kept) < len(blocks):
        kept.append(f"… and {len(blocks) - len(kept)} more sections")
    return "\n\n".join(kept)
