"""`${NAME}` in strings."""

from __future__ import annotations

import pytest

from opsbot.config.environment import expand
from opsbot.config.yaml_loader import load_text
from tests.config.kit import made, problem, problems


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${HOST}", "example.org"),
        ("http://${HOST}:80/", "http://example.org:80/"),
        ("${NONE:-fallback}", "fallback"),
        ("${NONE:-}", ""),
        ("${EMPTY:-fallback}", "fallback"),
        ("${HOST:-fallback}", "example.org"),
        ("$${HOST}", "${HOST}"),
        ("$HOST costs $5 {HOST}", "$HOST costs $5 {HOST}"),
    ],
)
def test_variables_are_put_in(text: str, value: str) -> None:
    document = load_text(f"a: ['{text}']")
    assert expand(document, {"HOST": "example.org", "EMPTY": ""}).data == {"a": [value]}


def test_a_value_is_not_expanded_again() -> None:
    document = load_text("a: ${ONE}")
    assert expand(document, {"ONE": "${TWO}", "TWO": "2"}).data == {"a": "${TWO}"}


def test_an_unset_variable_is_told_with_its_key_place_and_remedy() -> None:
    found = problem("\nstate_dir: ${NOWHERE}/x\n")
    assert (found.line, found.key) == (2, "state_dir")
    assert "`NOWHERE` is not set" in found.message
    assert "${NOWHERE:-value}" in found.message


@pytest.mark.parametrize("text", ["${}", "${1A}", "${A B}", "${A:-", "${A-b}"])
def test_what_is_almost_a_variable_is_a_mistake(text: str) -> None:
    found = problems(f"state_dir: '{text}'")
    assert any("is not a variable" in one.message for one in found)


def test_numbers_and_switches_may_come_from_the_environment() -> None:
    text = "schedules: {health_check: {interval_seconds: '${EVERY}', enabled: '${ON}'}}"
    loop = made(text, {"EVERY": "30", "ON": "true"}).schedules.health_check
    assert (loop.interval, loop.enabled) == (30.0, True)


def test_a_wrong_value_from_the_environment_is_not_shown() -> None:
    found = problem("schedules: {health_check: {interval_seconds: '${EVERY}'}}", {"EVERY": "hunter2hunter2"})
    assert "hunter2" not in str(found)
    assert "${EVERY}" in found.message
