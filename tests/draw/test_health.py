"""The health report: the guide's own example, letter by letter, and Discord's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.domain.health import HealthReport, Section
from opsbot.domain.levels import Outcome
from opsbot.domain.moment import Moment
from opsbot.domain.sample import Finding
from opsbot.draw.health import finding_text, health_payload, health_text
from opsbot.draw.payload import Colour
from tests.draw.samples import nasty_text, patient
from tests.draw.test_limits_of_incidents import LIVE, assert_discord_takes_it, texts

GUIDE = """\
================================================
Summary Bot NG - Health Check
================================================
Timestamp: 2026-01-05 15:04:00

1. Discord Bot Process
✓ Process: OK (PID: 30061, CPU: 0.2%, MEM: 1.5%, RSS: 89MB)

2. Webhook API
✓ Health Endpoint: OK (HTTP 200)
✓ API Status: OK (healthy, v2.0.0)
✓ Summarization: OK
✓ Claude API: OK
⚠ Cache: WARNING (disabled)

3. Discord Gateway
✓ Gateway Connection: OK (Last ready: 2026-01-05 15:04:21)

4. Log Management
✓ Log Size: OK (15MB)

5. Network Ports
✓ Port 5000: OK (Webhook API listening)

6. External APIs
✓ OpenRouter API: OK (Last success: 2026-01-05 15:04:48)

================================================
Health Check Complete
================================================"""


def ok(label: str, text: str = "") -> Finding:
    return Finding(Outcome.OK, label, text)


REPORT = HealthReport(
    "summarybot",
    "Summary Bot NG",
    Moment(1000.0, 1_767_625_440.0),
    (
        Section("Discord Bot Process", (ok("Process", "PID: 30061, CPU: 0.2%, MEM: 1.5%, RSS: 89MB"),)),
        Section(
            "Webhook API",
            (
                ok("Health Endpoint", "HTTP 200"),
                ok("API Status", "healthy, v2.0.0"),
                ok("Summarization"),
                ok("Claude API"),
                Finding(Outcome.DEGRADED, "Cache", "disabled"),
            ),
        ),
        Section("Discord Gateway", (ok("Gateway Connection", "Last ready: 2026-01-05 15:04:21"),)),
        Section("Log Management", (ok("Log Size", "15MB"),)),
        Section("Network Ports", (ok("Port 5000", "Webhook API listening"),)),
        Section("External APIs", (ok("OpenRouter API", "Last success: 2026-01-05 15:04:48"),)),
    ),
)


def test_the_command_line_prints_the_guides_own_example() -> None:
    assert health_text(REPORT) == GUIDE


def test_the_time_is_the_readers() -> None:
    assert "Timestamp: 2026-01-05 17:04:00" in health_text(REPORT, timezone(timedelta(hours=2)))


def test_notes_and_open_incidents_stand_before_the_end() -> None:
    text = health_text(replace(REPORT, notes=("paused by Alice",), incidents=(3, 4)))
    assert "\nNote: paused by Alice\nOpen incidents: #3, #4\n\n=====" in text


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        (Outcome.FAIL, "✗ Process: FAILED (gone)"),
        (Outcome.UNKNOWN, "? Process: UNKNOWN (gone)"),
        (Outcome.TIMEOUT, "✗ Process: NO ANSWER IN TIME (gone)"),
        (Outcome.ERROR, "✗ Process: CHECK BROKE (gone)"),
    ],
)
def test_every_outcome_has_a_mark_and_a_word(outcome: Outcome, line: str) -> None:
    assert finding_text(Finding(outcome, "Process", "gone")) == line


def test_discord_shows_the_six_sections_with_their_marks() -> None:
    embed = health_payload(REPORT).embeds[0]
    assert embed.title == "⚠ Summary Bot NG: works, with warnings"
    assert embed.colour is Colour.YELLOW
    for number, section in enumerate(REPORT.sections, 1):
        assert f"**{number}. {section.title}**" in embed.description
    assert "⚠ Cache: WARNING (disabled)" in embed.description


def test_a_section_without_findings_says_so_and_so_does_a_report_without_sections() -> None:
    empty = replace(REPORT, sections=(Section("Webhook API", ()),))
    assert "? Nothing seen yet: UNKNOWN" in health_payload(empty).embeds[0].description
    assert "? Nothing seen yet: UNKNOWN" in health_text(empty)
    assert "No checks are configured" in health_payload(replace(REPORT, sections=())).embeds[0].description


findings = st.builds(Finding, st.sampled_from(Outcome), nasty_text, nasty_text)
sections = st.builds(Section, nasty_text, st.lists(findings, max_size=30).map(tuple))
reports = st.builds(
    HealthReport,
    nasty_text,
    nasty_text,
    st.just(REPORT.at),
    st.lists(sections, max_size=8).map(tuple),
    st.lists(st.integers(1, 10**6), max_size=50).map(tuple),
    st.lists(nasty_text, max_size=9).map(tuple),
)


@patient
@given(reports)
def test_any_report_is_within_the_limits_and_harmless(report: HealthReport) -> None:
    payload = health_payload(report)
    assert_discord_takes_it(payload)
    assert not any(LIVE.search(text) for text in texts(payload))
    assert not set(health_text(report)) & set("\x1b\x00\r\u202e")
