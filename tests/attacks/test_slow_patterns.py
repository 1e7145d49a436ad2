"""No text is so made that looking at it takes long: work grows with the length and no faster."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from opsbot import redact
from opsbot.checks._health_body import judge
from opsbot.checks._json import BadJson, parse
from opsbot.domain.levels import Outcome
from opsbot.logs._engine import Engine, Probe
from opsbot.logs._engines import fast
from opsbot.logs._lines import readable
from opsbot.logs._re2 import Re2Engine
from opsbot.logs.formats import JsonFormat, PythonFormat, RegexFormat
from opsbot.text import Place, many_lines, one_line, printable, safe_text

SIZE = 64 * 1024
PARTS = (
    "a", " ", "-", "- ", " - ", "\x1b", "\x1b[", "\x1b[0", "\x1b]", "\x9b", "\x9b0", "`", "*", "_", "\\", "[",
    "](", "<", "<@", "@everyone", "@", "://", "http://a@", "\u0300", "\u200b", "\r", "\n", "…", "1", "é",
    "{", '{"a":',
    "2026-01-01 00:00:00 - ", "2026-01-01 00:00:00 ", "ERROR", " ERROR ", "ERROR:", "a - ERROR - ", "[", "[[",
)  # fmt: skip
FORMATS = (PythonFormat(), JsonFormat(), RegexFormat(kind="regex", pattern=r"^(?P<level>(a+)+)$"))
PATTERNS = (Probe("^(a+)+$"), Probe("(a|a)*b"), Probe("(.*)*x(.*)*y"), Probe("(a?){99}a{99}b$"))
ENGINES: list[Engine] = [Re2Engine(PATTERNS), *filter(None, [fast(PATTERNS)])]


def looks() -> Iterator[tuple[str, Callable[[str], object]]]:
    yield "one line", lambda text: one_line(text, SIZE)
    yield "lines", lambda text: many_lines(text, SIZE, tail=True)
    yield "printed", printable
    for place in Place:
        yield place.value, lambda text, place=place: safe_text(text, SIZE, place)  # type: ignore[misc]
    for form in FORMATS:
        yield form.kind, lambda text, form=form: form.parse(text.encode())  # type: ignore[misc]
    for engine in ENGINES:
        yield type(engine).__name__, lambda text, engine=engine: engine.ends(text.encode() + b"\n")  # type: ignore[misc]
    yield "colours", lambda text: readable(text.encode())
    yield "a body", _body


def _body(text: str) -> Outcome | None:
    try:
        return judge(parse(text.encode()), {}, {})[0]
    except BadJson:
        return None


@pytest.mark.parametrize(("name", "look"), list(looks()), ids=[name for name, _ in looks()])
@pytest.mark.timeout(20)
def test_64_kib_of_anything_is_looked_at_in_linear_time(name: str, look: Callable[[str], object]) -> None:
    """Work that grew with the square of the length would not end within the test's own time."""
    with redact.hidden(["q1w2e3r4t5y6u7i8o9p0", "aaaaaaaaaaaaaaaa", "https://a@b/aaaaaaaaaaaaaaaaa"]):
        for part in PARTS:
            look((part * SIZE)[:SIZE])
