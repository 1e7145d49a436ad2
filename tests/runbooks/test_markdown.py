"""What a runbook says, and what is wrong with one."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.domain.runbook import AskCheck, AskLog, Expect, Runbook
from opsbot.runbooks.markdown import MOST_STEPS, runbook_of
from tests.runbooks.books import TEXT, book, mistakes, steps


def test_the_numbered_items_of_its_section_are_the_steps() -> None:
    read = book()
    assert read.title == "No answers"
    assert read.summary == "It is silent."
    assert [step.title for step in read.steps] == [
        "Is it online?",
        "Ask in the channel who changed something.",
        "Does the log end without errors?",
    ]
    assert [step.line for step in read.steps] == [13, 18, 23]


def test_what_opsbot_does_stands_between_backticks_and_the_rest_is_for_people() -> None:
    online, ask, log = book().steps
    assert online.ask == AskCheck("process")
    assert ask.ask is None
    assert log.ask == AskLog("ERROR|CRITICAL", Expect.NONE, 900.0)


def test_what_a_step_says_beside_its_first_line_is_kept_as_plain_text() -> None:
    online, ask, _ = book().steps
    assert online.text == "If not, see the guide (https://example.org/guide)."
    assert ask.text == "- in the code\n- in `opsbot.yml`"


def test_a_runbook_is_about_the_rules_that_it_names() -> None:
    read = book()
    assert [read.fits(rule) for rule in ("bot_process_down", "discord_gateway_lost", "high_cpu_usage")] == [
        True,
        True,
        False,
    ]


def test_one_without_rules_fits_none() -> None:
    assert not book(steps("1. Look.")).fits("bot_process_down")


def test_lists_in_a_step_are_no_steps_and_lists_of_points_neither() -> None:
    read = book(steps("- Not this.", "", "1. Look.", "   1. here", "   2. there", "2. Look again."))
    assert [step.title for step in read.steps] == ["Look.", "Look again."]
    assert read.steps[0].text == "- here\n- there"


def test_steps_under_headings_of_their_own_are_one_row() -> None:
    read = book(steps("### First", "", "1. Look.", "", "### Then", "", "1. Look again."))
    assert [step.title for step in read.steps] == ["Look.", "Look again."]


def test_line_ends_of_any_system_are_line_ends() -> None:
    assert book(TEXT.replace("\n", "\r\n")).steps == book("\ufeff" + TEXT).steps == book().steps


def test_a_change_of_a_step_changes_the_digest_and_a_word_beside_them_does_not() -> None:
    assert book(TEXT.replace("is for readers", "is for you")).digest == book().digest
    assert book(TEXT.replace("Ask in", "Look in")).digest != book().digest
    assert book(TEXT.replace("since=15m", "since=30m")).digest != book().digest


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("# Title\n\n## Steps\n1. x\n", 1, "begins with a line `---`"),
        ("---\ntitle: T\n\n## Steps\n1. x\n", 1, "has no end"),
        ("---\ntitle: [\n---\n## Steps\n1. x\n", 2, "is no YAML"),
        ("---\n- x\n---\n## Steps\n1. x\n", 2, "holds keys with values"),
        ("---\nsummary: x\n---\n## Steps\n1. x\n", 1, "has no `title`"),
        ("---\ntitle:\n---\n## Steps\n1. x\n", 2, "`title` is one line of text"),
        ("---\ntitle: T\naplies_to: x\n---\n## Steps\n1. x\n", 3, "did you mean `applies_to`?"),
        ("---\ntitle: T\napplies_to: {a: b}\n---\n## Steps\n1. x\n", 3, "is a list of names"),
        ("---\ntitle: T\n---\n# T\n1. x\n", 0, "put a heading `## Steps`"),
        (steps("- x"), 5, "has no numbered items"),
        (steps("1. x", "2.", "3. y"), 8, "begins with a line of text"),
        (steps("1. `opsbot: check process`"), 7, "begins with a line of text"),
        (steps("1. x", "   `opsbot: chek process`"), 8, "did you mean `check`?"),
        (steps("1. x", "   `opsbot: rm -rf /`"), 8, "opsbot cannot `rm`"),
        (steps("1. x", "   `opsbot: log '(' `"), 8, "no pattern"),
        (steps("1. x `opsbot: check a`", "   `opsbot: check b`"), 8, "make another step of `check b`"),
        (steps("1. x", "", "   ```", "   opsbot: check a", "   ```"), 9, "between single backticks"),
        (steps("`opsbot: check a`", "", "1. x"), 7, "belongs to a numbered item"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_the_remedy(text: str, line: int, said: str) -> None:
    found = mistakes(text)
    assert [(mistake.line, said in mistake.text) for mistake in found] == [(line, True)]
    place = f"no-answers.md:{line}: " if line else "no-answers.md: "
    assert str(found[0]).startswith(place)


def test_all_mistakes_are_told_at_once_in_the_order_of_their_lines() -> None:
    text = steps("1. x `opsbot: chek a`", "2. y `opsbot: disk free=much`").replace("title", "titel")
    assert [mistake.line for mistake in mistakes(text)] == [2, 7, 8]


def test_a_runbook_with_too_many_steps_is_several() -> None:
    text = steps(*(f"{n}. x" for n in range(1, MOST_STEPS + 2)))
    assert "make two of it" in mistakes(text)[0].text
    assert len(book(steps(*(f"{n}. x" for n in range(1, MOST_STEPS + 1)))).steps) == MOST_STEPS


def test_yaml_that_would_grow_without_end_is_a_mistake_like_any() -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"{c}: &{c} [*{p}, *{p}]\n" for p, c in pairwise("abcdefghijkl"))
    assert all(
        "is not a known key" in m.text for m in mistakes(f"---\ntitle: T\n{bomb}---\n## Steps\n1. x\n")
    )
    assert "is no YAML" in mistakes("---\n" + "[" * 5000 + "\n---\n## Steps\n1. x\n")[0].text


_FRONT = ["---", "title: T", "applies_to: [a, b]", "---\ntitle: T\n---"]
_BODY = [
    "## Steps",
    "# Other",
    "1. Look.",
    "2. x",
    "   `opsbot: check a`",
    "   `opsbot: log",
    "   - y",
    "\t1. z",
]
PIECES = st.sampled_from([*_FRONT, *_BODY, "```", "", "> quote", "<b>", "[a]: b"])


@given(st.one_of(st.text(), st.lists(PIECES, max_size=30).map("\n".join)))
def test_whatever_stands_in_a_file_is_a_runbook_or_mistakes_in_its_lines(text: str) -> None:
    found = runbook_of("x", "x.md", text)
    if isinstance(found, Runbook):
        assert found.steps
        assert all(step.title for step in found.steps)
        return
    assert found
    lines = text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
    assert all(0 <= mistake.line <= lines and mistake.text for mistake in found)


@given(st.integers(0, len(TEXT)), st.integers(0, 40), st.text(max_size=20))
def test_a_runbook_that_somebody_mangled_is_a_runbook_or_mistakes(at: int, less: int, more: str) -> None:
    found = runbook_of("x", "x.md", TEXT[:at] + more + TEXT[at + less :])
    assert isinstance(found, Runbook) or found
