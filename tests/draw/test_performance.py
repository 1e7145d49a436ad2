"""The performance monitor's file and statistics, as the monitoring guide shows them."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.domain.performance import FromZero, Performance, performance_of, starts
from opsbot.draw.performance import (
    cell,
    csv_lines,
    csv_text,
    file_name,
    recorded_payload,
    recording_payload,
    statistics_text,
)
from tests.cli.recipes import CPU, HEADER, HOURS, RSS, VIEW, shell
from tests.draw.test_limits_of_incidents import assert_discord_takes_it

AT = 1_767_625_200.0  # 2026-01-05 15:00:00 UTC
MB = 2.0**20


def look(minute: int = 0, **changed: float | None) -> Performance:
    """The guide's first line, so many minutes later."""
    values: dict[str, float | None] = {
        "cpu_percent": 0.2, "memory_percent": 1.5, "rss_bytes": 89 * MB, "vms_bytes": 523 * MB, "threads": 12,
        "open_fds": 45, "api_requests": 127, "errors": 0, "warnings": 3,
    }  # fmt: skip
    pid = changed.pop("pid", 30061)
    return Performance(AT + 60 * minute, None if pid is None else int(pid), **(values | changed))


def test_the_file_is_the_guides() -> None:
    text = csv_text([look(), look(1, cpu_percent=0.3, memory_percent=1.6, rss_bytes=91 * MB, open_fds=47,
                                  api_requests=135)], UTC)  # fmt: skip
    assert text.splitlines() == [
        HEADER,
        "2026-01-05 15:00:00,30061,0.2,1.5,89,523,12,45,0,0,0",
        "2026-01-05 15:01:00,30061,0.3,1.6,91,523,12,47,8,0,0",
    ]
    assert text.endswith("\n")
    assert "\r" not in text
    assert file_name(AT, UTC) == "metrics_20260105_150000.csv"


def test_the_statistics_are_the_guides() -> None:
    looks = [
        look(),
        look(1, cpu_percent=0.1, memory_percent=1.5),
        look(2, cpu_percent=0.5, memory_percent=1.65),
    ]
    assert statistics_text(looks).splitlines() == [
        "Summary Statistics:",
        "-------------------",
        "CPU: avg=0.27%, min=0.10%, max=0.50%",
        "Memory: avg=1.55%, min=1.50%, max=1.65%",
        "RSS: avg=89MB",
    ]


def test_the_guides_four_recipes_work_unchanged(tmp_path: Path) -> None:
    looks = [look(minute, cpu_percent=minute / 10, rss_bytes=(89 + minute) * MB) for minute in range(90)]
    folder = tmp_path / "metrics"
    folder.mkdir()
    (folder / file_name(AT, UTC)).write_text(csv_text(looks, UTC))
    assert shell(VIEW, tmp_path) == "2026-01-05 15:30:00,30061,3.0,1.5,119,523,12,45,0,0,0\n"
    assert shell(CPU, tmp_path) == "Avg CPU: 4.45%\n"
    assert shell(RSS, tmp_path) == "Peak RSS: 178MB\n"
    assert [line.split() for line in shell(HOURS, tmp_path).splitlines()] == [["60", "15"], ["30", "16"]]


def test_while_the_process_is_down_there_is_no_line_that_would_count_as_zero() -> None:
    looks = [look(), look(1, pid=None, cpu_percent=None), look(2, cpu_percent=None, pid=7), look(3, pid=7)]
    assert [row.split(",")[:2] for row in csv_text(looks, UTC).splitlines()[1:]] == [
        ["2026-01-05 15:00:00", "30061"],
        ["2026-01-05 15:03:00", "7"],
    ]
    assert starts(looks) == 1
    assert statistics_text(looks).endswith("Restarts: 1")


def test_counts_go_on_over_a_restart_of_opsbot_and_a_new_log() -> None:
    counts = FromZero()
    found = [counts.take(look(errors=value)).errors for value in (5, 7, None, 1, 4)]
    assert found == [0, 2, 2, 3, 6]


def test_calls_of_all_services_upstream_are_counted_together() -> None:
    metrics = {"openrouter_successes_total": 5.0, "openrouter_errors_total": 1.0, "log_errors_total": 9.0}
    assert (
        performance_of(AT, metrics | {"s3_successes_total": 2.0, "s3_errors_total": 2.0}).api_requests == 10
    )
    assert performance_of(AT, {"log_errors_total": 9.0}).api_requests is None


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "-", "--1"]
)
def test_what_a_spreadsheet_would_run_is_a_text(text: str) -> None:
    assert cell(text) == f"'{text}"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_stays_as_it_is(value: float) -> None:
    assert cell(f"{value:.1f}") == f"{value:.1f}"
    assert csv_lines([[repr(value)]]) == f"{value!r}\n"


def test_nothing_measured_is_said() -> None:
    assert "the process did not run" in statistics_text([])
    assert csv_text([]) == HEADER + "\n"


@pytest.mark.parametrize("why", ["", "opsbot was stopped.", "x" * 5000])
def test_a_recording_is_within_discords_limits(why: str) -> None:
    looks = [look(minute) for minute in range(50)]
    assert_discord_takes_it(recording_payload("t" * 50, looks, 100, AT + 6000, 60.0))
    over = recorded_payload("t" * 50, looks, 100, why)
    assert_discord_takes_it(over)
    assert len(over.files) == 1
    assert recorded_payload("t", [], 100).files == ()
