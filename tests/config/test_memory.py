"""Postmortems and reports in the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsbot.config.diff import compare
from opsbot.config.memory import report_times
from opsbot.domain.levels import Priority
from opsbot.domain.report import Period, ReportTime
from opsbot.errors import ConfigError
from tests.config.kit import made

DISCORD = "discord: {guild: 1, ops_channel: 2}\n"


def test_postmortems_are_written_of_what_is_urgent_unless_the_file_says_otherwise() -> None:
    assert made("").postmortems is Priority.P2
    assert made("postmortems: {from: P4}").postmortems is Priority.P4
    assert made("postmortems: {from: off}").postmortems is None


def test_a_report_has_its_times_in_the_words_of_people() -> None:
    loaded = made(DISCORD + 'reports: {daily: "07:30", weekly: sun 09:00, monthly: 28 23:05}')
    assert report_times(loaded.reports) == (
        ReportTime(Period.DAY, "30 7 * * *"),
        ReportTime(Period.WEEK, "0 9 * * 0"),
        ReportTime(Period.MONTH, "5 23 28 * *"),
    )
    monday = made(DISCORD + "reports: {weekly: mon 09:00}").reports
    assert report_times(monday)[0].cron == "0 9 * * 1"
    assert made("").reports == {}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('daily: "25:00"', "reports.daily: must be a time such as `09:00`"),
        ("weekly: monday 09:00", "reports.weekly: must be a time such as `mon 09:00`"),
        ("monthly: 31 09:00", "reports.monthly: must be a time such as `1 09:00`"),
        ("yearly: x", "reports.yearly"),
    ],
)
def test_a_wrong_time_is_told_with_a_right_one(wrong: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        made(f"reports: {{{wrong}}}")
    assert said in str(caught.value)


def test_a_wrong_priority_is_told() -> None:
    with pytest.raises(ConfigError, match=r"postmortems\.from"):
        made("postmortems: {from: P9}")


def test_without_a_channel_it_is_said_that_nobody_gets_the_reports() -> None:
    assert any("without a section `discord`" in text for text in made("reports: {weekly: mon 09:00}").notices)
    assert not any("reports" in text for text in made(DISCORD + "reports: {weekly: mon 09:00}").notices)


def test_a_change_of_them_is_told_in_words(tmp_path: Path) -> None:
    said = compare(made(""), made("postmortems: {from: off}\nreports: {weekly: mon 09:00}")).changes
    assert said == ("postmortems: P2 → nothing", "reports.weekly: nothing → `mon 09:00`")
