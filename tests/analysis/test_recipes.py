"""What opsbot counts is what the guide's own grep and awk recipes count."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest

from opsbot.analysis.since import since_of
from opsbot.domain.logs import Api, Errors, Hourly, Lines, Topic, Usage
from tests.analysis.kit import DAY, Place, guide_lines, table


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Two days of lines, up to now."""
    made = Place(tmp_path)
    made.write(guide_lines(4000, time.time(), 2 * DAY))
    return made


def test_all_errors_of_today(place: Place) -> None:
    found = place.ask(Topic.ERRORS, since=since_of("today", time.time())).result
    wanted = place.recipe('grep "ERROR" summarybot.log | grep "$(date +%Y-%m-%d)"').splitlines()
    assert isinstance(found, Errors)
    assert found.total == len(wanted)
    assert list(found.newest) == wanted[-20:]


def test_all_errors_and_warnings(place: Place) -> None:
    found = place.ask(Topic.ERRORS).result
    assert isinstance(found, Errors)
    assert found.total == int(place.recipe('grep -c "ERROR" summarybot.log')) > 0
    assert found.warnings == int(place.recipe('grep -c "WARNING" summarybot.log')) > 0


def test_specific_types_of_errors(place: Place) -> None:
    found = place.ask(Topic.ERRORS).result
    assert isinstance(found, Errors)
    named = {name: count for name, count in found.types if name}
    counted = r'grep "APIError\|ConnectionError\|TimeoutError" summarybot.log'
    assert sum(named.values()) == len(place.recipe(counted).splitlines())
    for name, count in named.items():
        assert count == int(place.recipe(f'grep -c "{name}" summarybot.log'))


def test_the_frequency_of_errors_by_hour(place: Place) -> None:
    found = place.ask(Topic.HOURLY).result
    recipe = "grep \"ERROR\" summarybot.log | awk '{print $2}' | cut -d: -f1 | sort | uniq -c"
    by_hour: Counter[str] = Counter()
    assert isinstance(found, Hourly)
    for hour, count in found.hours:
        by_hour[hour[-2:]] += count
    assert by_hour == table(place.recipe(recipe))


def test_calls_of_the_api(place: Place) -> None:
    found = place.ask(Topic.API).result
    assert isinstance(found, Api)
    good = place.recipe('grep "openrouter.ai" summarybot.log | grep "200 OK" | wc -l')
    bad = place.recipe('grep "openrouter.ai" summarybot.log | grep -v "200 OK"').splitlines()
    assert found.successes == int(good) > 0
    assert found.failures == len(bad) > 0
    assert list(found.newest) == bad[-20:]
    assert {status for status, _ in found.statuses} == {"200", "429", "502"}


def test_the_average_response_time(place: Place) -> None:
    found = place.ask(Topic.API).result
    recipe = "grep \"response_time\" summarybot.log | awk '{sum+=$NF; count++} END {print sum/count}'"
    assert isinstance(found, Api)
    assert found.took is not None
    assert found.took.mean == pytest.approx(float(place.recipe(recipe)), rel=1e-4)


def test_requests_by_channel(place: Place) -> None:
    found = place.ask(Topic.USAGE).result
    assert isinstance(found, Usage)
    assert found.total == int(place.recipe('grep "create_summary" summarybot.log | wc -l')) > 0
    recipe = 'grep "create_summary" summarybot.log | grep -o "{}=[^ ]*" | sort | uniq -c'
    for name, counted in (("channel", found.channels), ("user", found.users)):
        assert {f"{name}={value}": count for value, count in counted} == table(
            place.recipe(recipe.format(name))
        )


@pytest.mark.parametrize("lines", [1, 50, 100, 3000])
def test_the_newest_lines(place: Place, lines: int) -> None:
    found = place.ask(Topic.TAIL, lines=lines).result
    assert isinstance(found, Lines)
    assert list(found.lines) == place.recipe(f"tail -{lines} summarybot.log").splitlines()


def test_a_search_and_the_guides_last_fifty_errors(place: Place) -> None:
    found = place.ask(Topic.SEARCH, pattern="error|heartbeat", ignore_case=True, lines=50).result
    wanted = place.recipe(r'grep -i "error\|heartbeat" summarybot.log').splitlines()
    assert isinstance(found, Lines)
    assert found.total == len(wanted)
    assert list(found.lines) == wanted[-50:]
