"""The YAML between two lines `---` at the top of a runbook."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field

import yaml

KEYS = ("title", "applies_to", "summary")
FENCE = "---"

Wrong = tuple[int, str]
"""A line, counted from 1, and what is wrong there."""


@dataclass(slots=True)
class Front:
    """What it says. `lines`: how many it takes, with both fences; `wrong`: its mistakes."""

    title: str = ""
    applies_to: tuple[str, ...] = ()
    summary: str = ""
    lines: int = 0
    wrong: list[Wrong] = field(default_factory=list)


def front_of(lines: list[str]) -> Front:
    """Reads it, with all its mistakes; nothing in it is made an object of."""
    front = Front()
    if not lines or lines[0].rstrip() != FENCE:
        front.wrong.append((1, f"begins with a line `{FENCE}`, `title: …`, and another `{FENCE}`."))
        return front
    end = next((n for n, line in enumerate(lines[1:], 1) if line.rstrip() == FENCE), None)
    if end is None:
        front.wrong.append((1, f"the front matter has no end: put a line `{FENCE}` behind it."))
        return front
    front.lines = end + 1
    _read(front, "\n".join(lines[1:end]))
    if not front.title and not front.wrong:
        front.wrong.append((1, "has no `title`: put one, such as `title: High memory usage`."))
    return front


def _read(front: Front, text: str) -> None:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        why = getattr(error, "problem", None) or "it cannot be read"
        front.wrong.append((mark.line + 2 if mark else 1, f"the front matter is no YAML: {why}."))
        return
    if root is None:
        return
    if not isinstance(root, yaml.MappingNode):
        front.wrong.append(
            (2, "the front matter holds keys with values, such as `title: High memory usage`.")
        )
        return
    for key, value in root.value:
        _key(front, key, value)


def _key(front: Front, key: yaml.Node, value: yaml.Node) -> None:
    name, line = str(key.value)[:40], key.start_mark.line + 2
    if name not in KEYS:
        near = difflib.get_close_matches(name, KEYS, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"known are {', '.join(KEYS)}."
        front.wrong.append((line, f"`{name}` is not a known key: {hint}"))
    elif name == "applies_to":
        front.applies_to = _names(front, line, value)
    elif isinstance(value, yaml.ScalarNode) and value.value.strip():
        setattr(front, name, " ".join(value.value.split()))
    else:
        front.wrong.append((line, f"`{name}` is one line of text."))


def _names(front: Front, line: int, value: yaml.Node) -> tuple[str, ...]:
    given = value.value if isinstance(value, yaml.SequenceNode) else [value]
    names = tuple(one.value.strip() for one in given if isinstance(one, yaml.ScalarNode))
    if len(names) != len(given) or not all(names):
        front.wrong.append(
            (line, "`applies_to` is a list of names of rules, such as `[high_cpu_usage, api_*]`.")
        )
    return names
