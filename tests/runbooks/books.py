"""Runbooks as people write them."""

from __future__ import annotations

from opsbot.domain.actor import Actor, ActorKind
from opsbot.domain.runbook import Mistake, Runbook
from opsbot.domain.walk import Walk
from opsbot.runbooks import walking
from opsbot.runbooks.markdown import runbook_of

OLGA = Actor(ActorKind.DISCORD, "1", "Olga")
OTTO = Actor(ActorKind.DISCORD, "2", "Otto")
ID = "ABCDEFGHIJKLMNOP"

TEXT = """\
---
title: No answers
applies_to: [bot_process_down, discord_gateway_*]
summary: It is silent.
---

# No answers

Whatever stands here is for readers.

## Steps

1. Is it **online**?
   `opsbot: check process`

   If not, see [the guide](https://example.org/guide).

2. Ask in the channel who changed something.

   - in the code
   - in `opsbot.yml`

3. Does the log end without errors?
   `opsbot: log "ERROR|CRITICAL" since=15m expect=none`

## Afterwards

1. This list is none of the steps.
"""


def book(text: str = TEXT) -> Runbook:
    """The runbook in a text without mistakes."""
    found = runbook_of("no-answers", "no-answers.md", text)
    assert isinstance(found, Runbook), found
    return found


def mistakes(text: str) -> tuple[Mistake, ...]:
    """What is wrong with a text."""
    found = runbook_of("no-answers", "no-answers.md", text)
    assert not isinstance(found, Runbook), found
    return found


def steps(*lines: str) -> str:
    """A text with these items."""
    return "\n".join(["---", "title: T", "---", "", "## Steps", "", *lines, ""])


def walk(text: str = TEXT, incident: int | None = 7) -> Walk:
    """A walk through it at its beginning, by Olga."""
    return walking.begun(ID, book(text), "summarybot", incident, OLGA, 1000.0)
