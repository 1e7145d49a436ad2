"""Random incidents drawn for every notifier, judged by the receivers' own rules.

`python -m bench.fuzz [count] [seed]`: `count` incidents (10,000), made from `seed` (1) by the strategies of
the tests: emoji, causes of 100 kB, backticks, mentions, right-to-left text, control characters. Each is told
in every way in which an incident can be told, by each notifier; `tests/notifiers/judges.py` judges each
message and shares no limit with opsbot. Prints how many incidents and messages each notifier made, how many
incidents were refused or broke it, and the first reason; exits 1 if any did. 10,000 take some 15 minutes.
"""

from __future__ import annotations

import asyncio
import sys
import time
import traceback
from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from opsbot.domain.incident import Incident
from tests.draw.samples import incidents
from tests.notifiers.drawn import DRAWN

COUNT, SEED = 10_000, 1


@dataclass(slots=True)
class Tally:
    """Of one notifier. `first`: what was wrong with the first that was refused."""

    incidents: int = 0
    messages: int = 0
    refused: int = 0
    seconds: float = 0.0
    first: str = ""


def fuzz(count: int, number: int) -> dict[str, Tally]:
    """By kind of notifier."""
    tallies = {kind: Tally() for kind in DRAWN}
    with asyncio.Runner() as runner:

        @seed(number)
        @settings(
            max_examples=count,
            deadline=None,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        @given(incidents(), st.floats(0, 1e9))
        def judged(incident: Incident, late: float) -> None:
            for kind, tally in tallies.items():
                _one(runner, kind, tally, incident, late)

        judged()
    return tallies


def _one(runner: asyncio.Runner, kind: str, tally: Tally, incident: Incident, late: float) -> None:
    tally.incidents += 1
    began = time.monotonic()
    try:
        tally.messages += runner.run(DRAWN[kind](kind, incident, late))
    except Exception as error:  # counted, so that all of them are seen
        tally.refused += 1
        tally.first = tally.first or _words(error)
    tally.seconds += time.monotonic() - began


def _words(error: Exception) -> str:
    """Where it was raised, and what was said."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{last.name}: {last.line} {error!r}"[:300]


def main(arguments: list[str]) -> int:
    count, number = (int(text) for text in [*arguments, *map(str, (COUNT, SEED)[len(arguments) :])])
    tallies = fuzz(count, number)
    print(f"{'notifier':<16} {'incidents':>9} {'messages':>9} {'refused':>8} {'seconds':>8}")
    for kind, t in tallies.items():
        print(f"{kind:<16} {t.incidents:>9,} {t.messages:>9,} {t.refused:>8,} {t.seconds:>8.0f} {t.first}")
    return 1 if any(tally.refused for tally in tallies.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
