"""Any mistake in a file is told as a problem, never as an exception of the program."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from opsbot.config.document import Document, Path
from opsbot.config.load import settings
from opsbot.config.template import TEMPLATE
from opsbot.config.yaml_loader import load_text
from opsbot.errors import ConfigError
from tests.config.kit import ALERT_CONFIG, GUIDE_ENVIRON, PACKAGES

DISCORD = "discord: {guild: 1, ops_channel: 2, roles: {admin: [3]}, token_file: /nowhere}\nrules: [{name: a}]"
BASES = [load_text(text).data for text in (ALERT_CONFIG.read_text(), TEMPLATE, DISCORD)]

JUNK: list[Any] = [
    *(
        None,
        True,
        0,
        -1,
        1.5,
        10**30,
        float("inf"),
        float("nan"),
        "",
        "x" * 2000,
        "${",
        "${A}",
        "$${",
        "\x00",
    ),
    *([], [None], {}, {"a": 1}, [[[]]], {"type": 5}, {"type": "http"}, {"enabled": "no"}, "{0.x}", "../x"),
]


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every place in a file."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in items:
        yield from paths(inner, (*path, step))


PLACES = [(number, path) for number, base in enumerate(BASES) for path in paths(base)]


def with_junk(place: tuple[int, Path], junk: Any) -> dict[str, Any]:
    """A file with one value replaced."""
    number, path = place
    data: Any = copy.deepcopy(BASES[number])
    holder = data
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = copy.deepcopy(junk)
    return dict(data)


@example_settings(max_examples=150, deadline=None)
@given(st.sampled_from(PLACES), st.sampled_from(JUNK), st.booleans())
def test_a_file_with_anything_anywhere_loads_or_is_told_in_single_lines(
    place: tuple[int, Path], junk: Any, watch_only: bool
) -> None:
    document = Document("opsbot.yml", with_junk(place, junk))
    told = []
    try:
        settings(document, None, GUIDE_ENVIRON, packages=PACKAGES, watch_only=watch_only)
    except ConfigError as error:
        told = [str(problem) for problem in error.problems]
    assert not any("\n" in line for line in told)
