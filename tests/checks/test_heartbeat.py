"""A heartbeat that comes, does not come, or says that something failed."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from opsbot.checks.heartbeat import Options
from opsbot.domain.heartbeat import Deaf, Heartbeat
from opsbot.domain.levels import Outcome
from opsbot.domain.moment import Moment
from opsbot.domain.sample import Observation
from opsbot.testing.clock import VirtualClock
from tests.checks.support import build, context

SECRET = "0123456789abcdef"
HOUR, DAY = 3600.0, 86_400.0


class Heard:
    """One heartbeat as it is known."""

    def __init__(self, beat: Heartbeat | None, deaf: Deaf | None = None) -> None:
        self.beat, self.deaf = beat, deaf

    def of(self, secret: str) -> Heartbeat | None:
        return self.beat if secret == SECRET else None


NOW = VirtualClock(mono=10 * DAY).now()


def ago(seconds: float) -> Moment:
    return NOW.after(-seconds)


async def seen(beat: Heartbeat | None, deaf: Deaf | None = None, **options: Any) -> Observation:
    given = context(clock=VirtualClock(mono=NOW.mono))
    object.__setattr__(given, "heard", Heard(beat, deaf))
    check = build("heartbeat", given, **{"secret": SECRET, "every": "24h", "grace": "1h", **options})
    return await check.look()


async def test_one_that_came_in_time_is_well() -> None:
    found = await seen(Heartbeat(ago(9 * DAY), last=ago(25 * HOUR - 1)))
    assert found.outcome is Outcome.OK
    assert found.metrics == {"heartbeat_age_seconds": 25 * HOUR - 1}
    assert found.detail == "Heartbeat: the last one 1 d ago, expected each 1 d"


async def test_one_that_does_not_come_is_missing_after_its_grace() -> None:
    found = await seen(Heartbeat(ago(9 * DAY), last=ago(26 * HOUR)), title="Nightly backup")
    assert found.outcome is Outcome.FAIL
    assert found.detail == "Nightly backup: no heartbeat for 1 d 2 h, expected each 1 d"
    assert found.metrics == {"heartbeat_age_seconds": 26 * HOUR}


async def test_before_the_first_one_nothing_is_known_and_then_it_is_missing() -> None:
    early, late = await seen(Heartbeat(ago(HOUR))), await seen(Heartbeat(ago(25 * HOUR)))
    assert (early.outcome, late.outcome) == (Outcome.UNKNOWN, Outcome.FAIL)
    assert early.detail == "Heartbeat: none yet, expected each 1 d"
    assert early.metrics == late.metrics == {}


async def test_a_failure_is_seen_at_once_with_its_words_on_one_line() -> None:
    beat = Heartbeat(ago(DAY), last=ago(60), failed=ago(30), text="disk\nfull \x1b[31m@everyone", run=12.0)
    found = await seen(beat, prefix="backup")
    assert found.outcome is Outcome.FAIL
    assert found.detail == "Heartbeat: it failed 30 s ago: disk full @everyone"
    assert found.metrics == {"backup_age_seconds": 60.0, "backup_run_seconds": 12.0}


async def test_what_was_due_while_nothing_was_heard_gets_another_period() -> None:
    beat = Heartbeat(ago(9 * DAY), last=ago(30 * HOUR))
    for begin, end, outcome in (
        (7 * HOUR, 2 * HOUR, Outcome.UNKNOWN),  # down when it was due
        (5.5 * HOUR, 5.4 * HOUR, Outcome.UNKNOWN),  # a restart within its grace
        (4 * HOUR, 2 * HOUR, Outcome.FAIL),  # it was missing already
        (20 * HOUR, 10 * HOUR, Outcome.FAIL),  # heard again long before it was due
    ):
        found = await seen(beat, Deaf(ago(begin), ago(end)))
        assert found.outcome is outcome, (begin, end)
    assert "opsbot did not hear when it was due" in (await seen(beat, Deaf(ago(7 * HOUR), ago(HOUR)))).detail
    longer = Heartbeat(ago(9 * DAY), last=ago(60 * HOUR))
    assert (await seen(longer, Deaf(ago(40 * HOUR), ago(25 * HOUR)))).outcome is Outcome.FAIL


async def test_where_nobody_listens_nothing_can_be_said() -> None:
    assert (await seen(None)).outcome is Outcome.UNKNOWN
    check = build("heartbeat", context(), secret=SECRET, every=60)
    assert (await check.look()).outcome is Outcome.UNKNOWN
    await check.close()


@pytest.mark.parametrize(
    ("given", "late"),
    [
        ({"every": 60}, 90.0),
        ({"every": "1h"}, 3960.0),
        ({"every": "1d", "grace": "2h"}, 26 * HOUR),
        ({"every": "5m", "grace": 0}, 300.0),
    ],
)
def test_spans_are_written_as_people_do(given: dict[str, Any], late: float) -> None:
    assert Options(secret=SECRET, **given).late == late


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "too-short"},
        {"secret": "with/a/slash/in/it/so/what"},
        {"secret": "x" * 129},
        {"secret": "sixteen letters äö"},
        {"every": 1},
        {"every": "often"},
        {"every": True},
        {"every": float("nan")},
        {"grace": -1},
        {"grace": "60d"},
        {"prefix": "Heart"},
    ],
)
def test_what_cannot_be_meant_is_refused_and_the_secret_not_quoted(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        Options(**{"secret": SECRET, "every": 60, **wrong})
    for error in caught.value.errors():
        assert str(wrong.get("secret", "?")) not in error["msg"]
