"""A sign of life that a service or a job sends by itself, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from opsbot.domain.moment import Moment


class Signal(StrEnum):
    """What is said."""

    ALIVE = "alive"  # it lives; a job: it has been done
    START = "start"  # a job begins
    FAIL = "fail"  # it did not work


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What is known of one. Where nothing was heard yet, a moment is None.

    `since`: waited for since then. `last`: of `ALIVE`. `began`: the run under way. `run`: seconds that the
    last run took. `failed`: when it was said to have failed, unless a sign of life came after it, with the
    untrusted words `text`.
    """

    since: Moment
    last: Moment | None = None
    began: Moment | None = None
    run: float | None = None
    failed: Moment | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Deaf:
    """The last time in which nothing could be heard: opsbot did not run."""

    begin: Moment
    end: Moment
