"""From a file in Markdown to a runbook, or to everything that is wrong with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from opsbot.domain.runbook import Ask, Mistake, Runbook, RunbookStep
from opsbot.runbooks.directives import PREFIX, DirectiveError, directive
from opsbot.runbooks.flat import directives_in, flat
from opsbot.runbooks.front_matter import Wrong, front_of

MOST_STEPS = 25
"""A longer runbook is several."""

SECTION = "steps"
_NO_SECTION = "has no section `Steps`: put a heading `## Steps` over a numbered list."
_NO_STEPS = "the section `Steps` has no numbered items: write `1. …`, `2. …`."


def runbook_of(name: str, file: str, text: str) -> Runbook | tuple[Mistake, ...]:
    """What a file says, or its mistakes in the order of its lines. `file`: how people know it."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    front = front_of(lines)
    wrong = front.wrong
    body = "\n" * front.lines + "\n".join(lines[front.lines :])
    steps = _steps(MarkdownIt("commonmark").parse(body), wrong)
    if wrong:
        return tuple(Mistake(name, file, line, said) for line, said in sorted(wrong))
    digest = hashlib.sha256(repr((front.title, steps)).encode(errors="replace")).hexdigest()[:16]
    return Runbook(name, front.title, steps, front.applies_to, front.summary, text, digest)


def _steps(tokens: Sequence[Token], wrong: list[Wrong]) -> tuple[RunbookStep, ...]:
    section = _section(tokens)
    items = list(_items(section))
    inside = {id(token) for item in items for token in item}
    for token in tokens:
        if id(token) not in inside:
            for line, _ in directives_in(token):
                wrong.append((line, f"`{PREFIX} …` belongs to a numbered item of the section `Steps`."))
    if not section:
        wrong.append((0, _NO_SECTION))
    elif not items:
        wrong.append((_line(section[0]), _NO_STEPS))
    elif len(items) > MOST_STEPS:
        wrong.append(
            (_line(items[MOST_STEPS][0]), f"a runbook has at most {MOST_STEPS} steps: make two of it.")
        )
    return tuple(_step(item, wrong) for item in items[:MOST_STEPS])


def _section(tokens: Sequence[Token]) -> Sequence[Token]:
    """The heading `Steps` and all below it; empty when there is none."""
    begin: int | None = None
    tag = ""
    for number, token in enumerate(tokens):
        if token.type != "heading_open" or token.level:
            continue
        if begin is None and flat(tokens[number + 1]).strip(" :").casefold() == SECTION:
            begin, tag = number, token.tag
        elif begin is not None and token.tag <= tag:
            return tokens[begin:number]
    return [] if begin is None else tokens[begin:]


def _items(section: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """The tokens of each item of each numbered list that is in no other list."""
    begin, ordered = 0, False
    for number, token in enumerate(section):
        if token.level == 0 and token.type.endswith("_list_open"):
            ordered = token.type == "ordered_list_open"
        elif token.level == 1 and token.type == "list_item_open":
            begin = number
        elif token.level == 1 and token.type == "list_item_close" and ordered:
            yield section[begin : number + 1]


def _step(item: Sequence[Token], wrong: list[Wrong]) -> RunbookStep:
    line = _line(item[0])
    first = next((t for t in item if t.type in ("inline", "fence", "code_block")), None)
    if first is None or first.type != "inline" or not flat(first):
        wrong.append((line, "a step begins with a line of text that says what to look at or to do."))
        return RunbookStep("")
    title, _, more = flat(first).partition("\n")
    rest = [more, *(_block(item, number) for number, t in enumerate(item) if t is not first)]
    text = "\n".join(part for part in rest if part)
    ask, written = _ask(item, line, wrong)
    return RunbookStep(title, text, ask, written, line)


def _block(item: Sequence[Token], number: int) -> str:
    """What one block of a step says; a point of a list within it begins with `-`."""
    token = item[number]
    if token.type in ("fence", "code_block"):
        return token.content.rstrip()
    if token.type != "inline":
        return ""
    point = number > 1 and item[number - 2].type == "list_item_open"
    said = flat(token)
    return f"- {said}" if point and said else said


def _ask(item: Sequence[Token], line: int, wrong: list[Wrong]) -> tuple[Ask | None, str]:
    found = [each for token in item for each in directives_in(token)]
    for at, text in found[1:]:
        wrong.append((at, f"a step has one `{PREFIX} …`: make another step of `{text[:60]}`."))
    wrong += [
        (_line(token) or line, f"`{PREFIX} …` stands between single backticks, in one line.")
        for token in item
        if token.type in ("fence", "code_block") and token.content.lstrip().startswith(PREFIX)
    ]
    if not found:
        return None, ""
    at, text = found[0]
    try:
        return directive(text), text
    except DirectiveError as error:
        wrong.append((at, str(error)))
        return None, text


def _line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 0
