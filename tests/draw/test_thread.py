"""An incident's thread: what it is called, and its timeline in posts that Discord takes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from opsbot.domain.actor import Actor, ActorKind
from opsbot.domain.incident import Entry, EntryKind
from opsbot.domain.moment import Moment
from opsbot.draw.thread import (
    Line,
    Lines,
    cut,
    file_reply,
    filed_line,
    last_line,
    thread_name,
    thread_post,
    timeline_line,
    without_file,
)
from opsbot.draw.wire import message_json
from opsbot.text import units
from tests.draw.samples import entries, incidents, patient, sample_incident, short_text

AT = Moment(1000.0, 1_767_625_440.0)
INCIDENT = sample_incident()


def lines(*texts: str, first: int = 1, file: str = "") -> list[Line]:
    made = [Line(number, Entry(AT, EntryKind.SEEN, text)) for number, text in enumerate(texts, first)]
    made[-1] = replace(made[-1], entry=replace(made[-1].entry, file=file))
    return made


def test_the_name_says_number_target_and_what_is_wrong() -> None:
    assert thread_name(INCIDENT) == "#12 · summarybot · Bot process is not running"


@patient
@given(incidents())
def test_a_name_is_never_too_long_nor_empty(incident: object) -> None:
    name = thread_name(incident)  # type: ignore[arg-type]
    assert 1 <= units(name) <= 100


def test_a_line_says_when_what_kind_and_who() -> None:
    alice = Actor(ActorKind.DISCORD, "7", "Alice")
    said = timeline_line(Entry(AT, EntryKind.SAID, "acknowledged: mine", alice))
    assert said == "💬 <t:1767625440:T> **Alice** acknowledged: mine"
    assert timeline_line(Entry(AT, EntryKind.DECIDED, "resolved: calm")).startswith("⚖️ ")


def test_what_a_result_quotes_stands_below_it() -> None:
    done = timeline_line(Entry(AT, EntryKind.DONE, "restart failed\nTraceback\nKeyError: 1"))
    assert done.endswith("Restart failed\n```\nTraceback\nKeyError: 1\n```")


def test_one_post_holds_all_that_is_new_and_says_which_lines_these_are() -> None:
    (post,) = cut(lines("a", "b", "c", first=5), after=4)
    payload = thread_post(INCIDENT, post)
    assert (payload.content or "").splitlines()[-1] == "-# lines 5–7"
    assert payload.silent
    assert last_line(payload.content or "") == 7
    assert message_json(payload)["allowed_mentions"] == {"parse": [], "roles": []}


def test_a_single_line_is_named_as_one() -> None:
    (post,) = cut(lines("a", first=5), after=4)
    assert (thread_post(INCIDENT, post).content or "").endswith("\n-# line 5")


def test_lines_that_are_missing_are_said_to_be_and_where_to_find_them() -> None:
    (post,) = cut(lines("z", first=33), after=4)
    content = thread_post(INCIDENT, post).content or ""
    assert content.startswith("-# … 28 earlier lines: see `/incidents show`\n")
    assert content.endswith("-# lines 5–33")


def test_a_line_with_a_file_is_a_post_of_its_own() -> None:
    given_lines = [*lines("a", "b", file="x.zip"), *lines("c", first=3)]
    assert [(p.first, p.last, p.file) for p in cut(given_lines, 0)] == [
        (1, 1, ""),
        (2, 2, "x.zip"),
        (3, 3, ""),
    ]


def test_a_post_ends_where_an_earlier_try_did() -> None:
    posts = cut(lines("a", "b", "c", "d"), 0, (2,))
    assert [(p.first, p.last) for p in posts] == [(1, 2), (3, 4)]


def test_posts_with_the_same_lines_have_the_same_nonce_and_others_another() -> None:
    def nonce(first: int, last: int, number: int = 12) -> str:
        return thread_post(replace(INCIDENT, id=number), Lines(first, last, ("x",))).nonce

    assert nonce(5, 9) == nonce(5, 9)
    assert len({nonce(5, 9), nonce(5, 8), nonce(4, 9), nonce(5, 9, 13), nonce(59, 9)}) == 5
    assert len(nonce(10_000, 10_020, 99_999)) <= 25


def test_a_reply_with_a_file_is_known_again_by_its_line_and_incident() -> None:
    (post,) = cut(lines("saved", first=7, file="x.zip"), after=6)
    payload = file_reply(INCIDENT, post, 99)
    assert payload.reply_to == 99
    assert filed_line(payload.content or "", 12) == 7
    assert filed_line(payload.content or "", 13) == 0
    assert last_line(payload.content or "") == 0


def test_a_line_whose_file_cannot_come_says_why() -> None:
    (post,) = cut(lines("saved", file="x.zip"), 0)
    content = thread_post(INCIDENT, without_file(post, "there is no such file")).content or ""
    assert "📎 x.zip: there is no such file" in content


@patient
@given(st.lists(entries, min_size=1, max_size=30), st.integers(0, 40), short_text)
def test_whatever_the_lines_say_each_stands_in_one_post_within_the_limits(
    given_entries: list[Entry], after: int, file: str
) -> None:
    numbered = [Line(number, entry) for number, entry in enumerate(given_entries, after + 3)]
    numbered[0] = replace(numbered[0], entry=replace(numbered[0].entry, file=file))
    posts = list(cut(numbered, after))
    assert posts[0].first == after + 1
    assert posts[-1].last == numbered[-1].number
    assert all(a.last + 1 == b.first for a, b in pairwise(posts))
    for post in posts:
        for shown in (post, without_file(post, file)) if post.file else (post,):
            content = thread_post(INCIDENT, shown).content or ""
            assert units(content) <= 2000
            assert last_line(content) == post.last
    texts = [text for post in posts for text in post.texts if not text.startswith("-#")]
    assert texts == [timeline_line(entry) for entry in given_entries]
