"""Discord's status page (Statuspage's API, https://discordstatus.com/api): what Discord says of itself."""

from __future__ import annotations

import json
from typing import Any

from opsbot.domain.reach import Answer, Discord, Via
from opsbot.probes._web import NotReached, Page, get
from opsbot.probes.base import SHOWN

COMPONENTS = ("API", "Gateway")
"""The components that a bot lives by."""

BAD = {"partial_outage": "a partial outage", "major_outage": "a major outage"}
"""https://discordstatus.com/api: a component's status. With `degraded_performance` it still works;
maintenance, and what is new, says nothing."""

OLDEST = 300
"""Seconds that an answer may have been in somebody's cache (the header `Age`, RFC 9111, 5.1)."""

_OK = 200


class StatusProbe:
    """Reads the summary. That all is fine there is no evidence, for people write it, minutes later; that it
    is not, is."""

    via = Via.STATUS

    def __init__(self, url: str) -> None:
        self._url = url
        self.name = url[:SHOWN]

    async def ask(self) -> Answer:
        """Asks for the page."""
        try:
            page = await get(self._url)
        except NotReached as no:
            return Answer(self.via, self.name, False, str(no))
        bad = trouble(page)
        if bad:
            return Answer(self.via, self.name, True, f"its status page reports {bad}", Discord.DOWN)
        return Answer(self.via, self.name, True)


def trouble(page: Page) -> str:
    """What the summary reports of Discord, "" when all is well or it cannot be made out."""
    if page.status != _OK or page.cut or _old(page):
        return ""
    try:
        summary = json.loads(page.body)
    except (ValueError, RecursionError):
        return ""
    said = {name: _status(summary, name) for name in COMPONENTS}
    found = [f"{BAD[status]} of its {name}" for name, status in said.items() if status in BAD]
    return " and ".join(found)


def _old(page: Page) -> bool:
    age = page.headers.get("age", "0")
    return not age.isdecimal() or int(age[:9]) > OLDEST


def _status(summary: Any, name: str) -> str:
    components = summary.get("components") if isinstance(summary, dict) else None
    for one in components if isinstance(components, list) else ():
        if isinstance(one, dict) and one.get("name") == name and isinstance(one.get("status"), str):
            return str(one["status"])
    return ""
