"""Reads the section `rules`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from opsbot.config.document import Path
from opsbot.config.models.rule import RuleSection
from opsbot.config.workshop import Workshop


@dataclass(frozen=True, slots=True)
class Source:
    """A rule as written; `path` is () for a built-in one."""

    section: RuleSection
    path: Path = ()

    @property
    def built_in(self) -> bool:
        """Whether it is opsbot's own."""
        return not self.path


def own_rules(shop: Workshop) -> list[Source]:
    """The rules of the file; names are unique."""
    given = shop.value(("rules",))
    if not isinstance(given, list | None):
        shop.wrong(("rules",), "must be a list: begin each rule with `- name:`.")
    found: list[Source] = []
    for number in range(len(given) if isinstance(given, list) else 0):
        section = shop.build(RuleSection, ("rules", number), _filled(given[number]))
        if section is None:
            continue
        if any(source.section.name == section.name for source in found):
            shop.wrong(("rules", number, "name"), f"there are two rules named `{section.name}`: rename one.")
        found.append(Source(section, ("rules", number)))
    return found


def _filled(item: Any) -> Any:
    """A list item that is empty (`-`) is told as what it is, not as all that it lacks."""
    return "nothing" if item is None else item
