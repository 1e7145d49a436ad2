"""How a walk goes on, whoever presses what and when."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.domain.walk import ANSWERS, Mark, Walk
from opsbot.errors import Refused, UsageError
from opsbot.runbooks import walking
from tests.runbooks.books import OLGA, OTTO, walk


def looked(at: Walk, mark: Mark = Mark.FINE) -> Walk:
    assert at.current is not None
    return walking.seen(at, at.current, mark, "evidence", 1001.0)


def test_a_walk_begins_with_its_first_step() -> None:
    begun = walk()
    assert (begun.current, begun.due, begun.asks) == (1, True, None)


def test_it_waits_for_a_person_where_a_step_is_for_people() -> None:
    waits = looked(walk())
    assert (waits.current, waits.due, waits.asks) == (2, False, 2)


def test_it_is_over_when_the_last_step_is_answered() -> None:
    answered = walking.answered(looked(walk()), 2, Mark.FINE, OTTO, 1002.0)
    assert not answered.over
    over = looked(answered, Mark.WRONG)
    assert (over.over, over.ended, over.ended_by, over.current) == (True, 1001.0, None, None)


def test_a_step_that_was_answered_is_not_answered_again() -> None:
    answered = walking.answered(looked(walk()), 2, Mark.SKIPPED, OTTO, 1002.0)
    with pytest.raises(Refused, match="Step 2 was answered by Otto already: skipped"):
        walking.answered(answered, 2, Mark.FINE, OLGA, 1003.0)


def test_a_step_does_not_come_before_those_above_it() -> None:
    with pytest.raises(Refused, match="Step 1 comes first"):
        walking.answered(walk(), 2, Mark.FINE, OLGA, 1001.0)


@pytest.mark.parametrize(("step", "mark"), [(1, Mark.FINE), (0, Mark.FINE), (9, Mark.FINE), (2, Mark.LEFT)])
def test_a_button_that_no_walk_has_answers_nothing(step: int, mark: Mark) -> None:
    with pytest.raises(UsageError, match="fits no step"):
        walking.answered(looked(walk()), step, mark, OLGA, 1001.0)


def test_a_walk_that_is_over_stays_as_it_is_and_says_who_ended_it() -> None:
    over = walking.ended(looked(walk()), OTTO, 1002.0)
    changes: list[Callable[[], Walk]] = [
        lambda: walking.answered(over, 2, Mark.FINE, OLGA, 1003.0),
        lambda: walking.ended(over, OLGA, 1003.0),
        lambda: walking.again(over),
    ]
    for change in changes:
        with pytest.raises(Refused, match="over: Otto ended it"):
            change()
    assert walking.seen(over, 2, Mark.WRONG, "x", 1003.0) == over
    assert walking.left(over, 1003.0) == over


def test_looking_again_leaves_what_people_said() -> None:
    answered = walking.answered(looked(walk()), 2, Mark.FINE, OTTO, 1002.0)
    again = walking.again(answered)
    assert [step.mark for step in again.steps] == [Mark.WAITING, Mark.FINE, Mark.WAITING]
    assert (again.current, again.due) == (1, True)


def test_a_look_that_comes_late_changes_nothing() -> None:
    answered = looked(walk())
    assert walking.seen(answered, 1, Mark.WRONG, "late", 1005.0) == answered


def test_what_nobody_could_be_asked_is_left() -> None:
    left = walking.left(looked(walk()), 1002.0)
    assert left.steps[1].mark is Mark.LEFT
    assert left.due
    assert walking.left(left, 1003.0) == left


PRESSES = st.lists(
    st.tuples(st.integers(-1, 5), st.sampled_from([*ANSWERS, "look", "again", "end", "leave"]))
)


@given(PRESSES)
def test_whatever_is_pressed_a_persons_word_is_never_lost(presses: list[tuple[int, object]]) -> None:
    now, said = walk(), {}
    for step, press in presses:
        try:
            match press:
                case Mark():
                    now = walking.answered(now, step, press, OTTO, 1001.0)
                    said[step] = press
                case "look":
                    now = looked(now) if now.due else now
                case "again":
                    now = walking.again(now)
                case "end":
                    now = walking.ended(now, OLGA, 1001.0)
                case _:
                    now = walking.left(now, 1001.0)
        except UsageError:
            pass
        assert {n: now.steps[n - 1].mark for n in said} == said
        assert now.over or now.current is not None
