"""The strict loader."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.config import yaml_loader
from opsbot.config.yaml_loader import load_file, load_text, plain_scalar
from opsbot.errors import ConfigError, Problem


def refusal(text: str) -> Problem:
    with pytest.raises(ConfigError) as caught:
        load_text(text, "opsbot.yml")
    assert len(caught.value.problems) == 1
    return caught.value.problems[0]


def file_refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load_file(path)
    return str(caught.value)


@pytest.mark.parametrize(
    "text", ["22:00", "on", "off", "yes", "no", "y", "1_000", "0777x", "2026-01-05", "=", "1e"]
)
def test_what_older_yaml_reads_as_something_else_stays_text(text: str) -> None:
    assert load_text(f"key: {text}").data == {"key": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("true", True), ("False", False), ("null", None), ("~", None), ("", None), ("017", 17)),
        *(("0x1F", 31), ("0o17", 15), ("-3", -3), ("1.5", 1.5), ("1e3", 1000.0), (".5", 0.5)),
        ("-.inf", float("-inf")),
    ],
)
def test_scalars_of_the_core_schema_have_their_values(text: str, value: object) -> None:
    found = plain_scalar(text)
    assert found == value
    assert type(found) is type(value)


def test_a_quoted_scalar_is_text_whatever_it_looks_like() -> None:
    assert load_text("a: \"true\"\nb: '5'").data == {"a": "true", "b": "5"}


def test_a_snowflake_keeps_all_its_digits() -> None:
    assert load_text("guild: 1234567890123456789").data == {"guild": 1234567890123456789}


def test_a_key_given_twice_is_refused_with_both_places() -> None:
    found = refusal("a:\n  b: 1\n  c: 2\n  b: 3\n")
    assert (found.line, found.column, found.key) == (4, 3, "a.b")
    assert "first in line 2" in found.message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: !!python/object/apply:os.system [id]", "tags"),
        ("a: !!str 5", "tags"),
        ("a: &x [1]\nb: *x", "anchors"),
        ("a: *x", "aliases"),
        ("<<: {a: 1}", "merge keys"),
        ("a: 1\n---\nb: 2", "second document"),
        ("? [a, b]\n: 1", "plain text"),
        ("- a\n- b", "at its top"),
        ("just text", "at its top"),
    ],
)
def test_what_is_dangerous_or_ambiguous_is_refused(text: str, words: str) -> None:
    assert words in refusal(text).message


def test_an_alias_bomb_is_refused_at_its_first_anchor() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    assert refusal("\n".join(lines)).line == 1


@pytest.mark.parametrize("levels", [51, 2000, 100_000])
def test_deep_nesting_is_refused(levels: int) -> None:
    assert "nest" in refusal("a: " + "[" * levels).message


def test_fifty_levels_are_allowed() -> None:
    assert load_text("a: " + "[" * 49 + "]" * 49).data


def test_broken_yaml_is_one_sentence_with_its_place() -> None:
    found = refusal("a: 1\nb: [1, 2\nc: 3\n")
    assert found.line in (2, 3)
    assert "not valid YAML" in found.message
    assert "\n" not in found.message


def test_a_number_with_thousands_of_digits_is_text_not_a_crash() -> None:
    assert isinstance(load_text("a: " + "9" * 5000).data["a"], str)


def test_an_empty_file_says_nothing_and_that_is_fine(tmp_path: Path) -> None:
    file = tmp_path / "opsbot.yml"
    file.write_text("# only a comment\n")
    assert load_file(file).data == {}


def test_a_missing_file_names_the_remedy(tmp_path: Path) -> None:
    assert "opsbot init" in file_refusal(tmp_path / "nothing.yml")


def test_a_directory_instead_of_a_file_is_said(tmp_path: Path) -> None:
    assert "is a directory" in file_refusal(tmp_path)


def test_a_device_is_not_read() -> None:
    assert "not a regular file" in file_refusal(Path("/dev/zero"))


def test_an_unreadable_file_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "opsbot.yml"
    file.write_text("version: '1.0'")
    file.chmod(0)
    try:
        file.read_text()
    except PermissionError:
        assert "permission is missing" in file_refusal(file)
    else:  # root may read everything: what the system would say to others is put in its place
        monkeypatch.setattr(Path, "open", _denied)
        assert "permission is missing" in file_refusal(file)


def _denied(*_: object) -> None:
    raise PermissionError(13, "Permission denied")


def test_a_file_that_is_not_utf8_names_the_line(tmp_path: Path) -> None:
    file = tmp_path / "opsbot.yml"
    file.write_bytes(b"version: '1.0'\ntitle: \xff\xfe\n")
    assert f"{file}:2:8: is not UTF-8" in file_refusal(file)


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "opsbot.yml"
    file.write_bytes(b"\xef\xbb\xbfversion: x\n")
    assert load_file(file).data == {"version": "x"}


def test_a_large_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "opsbot.yml"
    file.write_text("#" * (yaml_loader.MAX_BYTES + 1))
    assert "larger than 1024 KiB" in file_refusal(file)


def test_every_key_and_value_has_its_place() -> None:
    document = load_text("a:\n  - b: 1\n    c: {d: x}\n")
    assert (document.key_mark(("a", 0, "c")).line, document.key_mark(("a", 0, "c")).column) == (3, 5)
    assert (document.value_mark(("a", 0, "c", "d")).line, document.value_mark(("a", 0, "c", "d")).column) == (
        3,
        12,
    )
    assert document.value_mark(("a", 0, "missing")).line == 2


@pytest.mark.parametrize(
    ("text", "word", "place"),
    [
        ("c: cpu > wrong", "wrong", (1, 10)),
        ('c: "cpu > wrong"', "wrong", (1, 11)),
        ("c: 'it''s wrong'", "wrong", (1, 11)),
        ("c: >-\n  cpu > 5\n  or wrong", "wrong", (3, 6)),
        ("c: |\n  cpu >\n    wrong", "wrong", (3, 5)),
        ("c: cpu > 5\n  or wrong", "wrong", (2, 6)),
    ],
)
def test_a_place_inside_a_string_is_found_through_quotes_and_folding(
    text: str, word: str, place: tuple[int, int]
) -> None:
    document = load_text(text)
    mark = document.place_in(("c",), document.data["c"].index(word))
    assert (mark.line, mark.column) == place


def outcome(text: str) -> list[Problem]:
    """What is wrong with a text; any other exception fails the test that asks."""
    try:
        load_text(text)
    except ConfigError as error:
        return error.problems
    return []


@given(st.text(max_size=200))
def test_any_text_loads_or_is_refused_with_the_one_error(text: str) -> None:
    assert len(outcome(text)) <= 1


@given(st.text(alphabet="ab:-?[]{},&*!|>'\"%@`#\n \t<~01", max_size=60))
def test_any_yaml_like_text_loads_or_is_refused_with_one_line(text: str) -> None:
    assert not any("\n" in problem.message for problem in outcome(text))


TEXT = st.text(st.characters(categories=["L", "N", "P", "S"], max_codepoint=0xFFFF), max_size=12)

_PLAIN_DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(TEXT, _PLAIN_DATA, max_size=4))
def test_json_is_yaml_and_loads_as_what_it_says(data: dict[str, object]) -> None:
    assert load_text(json.dumps(data, ensure_ascii=False)).data == data
