"""The section `maintenance`: windows, what is wrong with them, and when they are."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from opsbot.config.cron import CronTimes
from opsbot.config.diff import compare
from opsbot.domain.maintenance import Once, Repeated, Window
from opsbot.domain.moment import Moment
from tests.config.kit import made, problem
from tests.zones import BERLIN, berlin, in_zone, shown

TARGETS = "targets: {bot: {checks: {api: {type: http, url: 'http://127.0.0.1:1/'}}}}\n"
BACKUP = 'name: backup, targets: [bot], cron: "30 3 * * *", duration: 45m, timezone: Europe/Berlin'


def windows(*items: str) -> tuple[Window, ...]:
    return made(text(*items)).maintenance


def text(*items: str) -> str:
    return TARGETS + "maintenance:\n" + "".join(f"  - {{{item}}}\n" for item in items)


def at(wall: float) -> Moment:
    return Moment(mono=wall - 1_000_000, wall=wall)


def begins(expression: str, start: str, end: str, zone: str = BERLIN) -> list[str]:
    """When a cron expression comes between two times in Berlin."""
    times, now, found = CronTimes(expression, zone), berlin(start), []
    while (following := times.after(now)) is not None and following <= berlin(end):
        found.append(shown(following))
        now = following
    return found


# -- what a file says


def test_a_window_that_comes_again_and_again() -> None:
    (window,) = windows(f"{BACKUP}, reason: snapshot")
    assert (window.name, window.targets, window.reason) == ("backup", ("bot",), "snapshot")
    assert window.times == "30 3 * * * for 45 min, Europe/Berlin"
    before, inside = at(berlin("2026-01-05 03:29")), at(berlin("2026-01-05 03:40"))
    assert window.covering(before) is None
    assert window.next_change(before) == at(berlin("2026-01-05 03:30"))
    assert window.covering(inside) == at(berlin("2026-01-05 04:15")) == window.next_change(inside)
    assert window.covering(at(berlin("2026-01-05 04:15"))) is None
    assert window.next_change(at(berlin("2026-01-05 04:15"))) == at(berlin("2026-01-06 03:30"))


def test_a_window_that_comes_once_for_all_targets() -> None:
    with in_zone(BERLIN):
        (window,) = windows("name: move, from: 2037-01-05 22:00, until: 2037-01-06 02:00")
    assert window.targets == ()
    begin, end = berlin("2037-01-05 22:00"), berlin("2037-01-06 02:00")
    assert window.next_change(at(begin - 60)) == at(begin)
    assert window.covering(at(begin)) == at(end)
    assert window.covering(at(end)) is None
    assert window.next_change(at(end)) is None


@pytest.mark.parametrize(
    ("time", "zone"),
    [
        ("2037-01-05 22:00+01:00", ""),
        ("2037-01-05T21:00Z", ""),
        ("2037-01-05 21:00 UTC", ""),
        ("2037-01-05 22:00 Europe/Berlin", "America/New_York"),
        ("2037-01-05 22:00", "Europe/Berlin"),
    ],
)
def test_a_time_may_have_its_own_zone(time: str, zone: str) -> None:
    (window,) = windows(f"name: move, from: {time}, until: 2037-02-01 00:00 UTC, timezone: '{zone}'")
    assert isinstance(window.when, Once)
    assert window.when.begins == berlin("2037-01-05 22:00")


def test_of_two_equal_times_in_autumn_all_that_lies_between_is_covered() -> None:
    (window,) = windows(
        "name: x, from: 2037-10-25 02:30, until: 2037-10-25 02:30:01, timezone: Europe/Berlin",
    )
    assert isinstance(window.when, Once)
    assert window.when.ends - window.when.begins == 3601


@pytest.mark.parametrize("rare", ["0 0 29 2 *", "0 0 * 2 MON#5", "0 0 31 12 *", "0 0 L * *", "0 0 1 1 SUN"])
def test_what_comes_rarely_comes(rare: str) -> None:
    (window,) = windows(f"name: rare, cron: '{rare}', duration: 6h")
    change = window.next_change(at(berlin("2026-01-02 12:00")))
    assert change is not None
    assert window.covering(change) == change.after(6 * 3600)


def test_targets_may_be_one_name_or_a_pattern() -> None:
    found = windows(BACKUP.replace("[bot]", "bot"), BACKUP.replace("[bot]", "'b*'").replace("backup", "b"))
    assert [window.targets for window in found] == [("bot",), ("b*",)]


def test_what_is_over_is_remarked_and_does_no_harm() -> None:
    found = made(text("name: move, from: 2020-01-05 22:00 UTC, until: 2020-01-06 02:00 UTC"))
    assert found.notices == ("maintenance: the window `move` is over: remove it.",)
    assert found.maintenance[0].next_change(at(datetime.now(UTC).timestamp())) is None


def test_without_the_section_there_is_none() -> None:
    assert made("").maintenance == made("maintenance:\n").maintenance == ()
    assert made(text("name: 7, cron: x"), watch_only=True).maintenance == ()


@pytest.mark.parametrize(
    ("item", "key", "words"),
    [
        (BACKUP.replace("bot", "bott"), "targets[0]", "there is no target `bott`: did you mean `bot`?"),
        (BACKUP.replace("[bot]", "bott"), "targets", "did you mean `bot`?"),
        (BACKUP.replace("Berlin", "Berln"), "timezone", "no time zone `Europe/Berln`: did you mean"),
        (BACKUP.replace("Europe/Berlin", "../../etc/passwd"), "timezone", "there is no time zone"),
        (BACKUP.replace("Europe/Berlin", "Europe"), "timezone", "there is no time zone"),
        (BACKUP.replace("45m", "24h"), "duration", "it would never be over"),
        (BACKUP.replace("45m", "5s"), "duration", "from one minute"),
        (BACKUP.replace("45m", "32d"), "duration", "to 31 days"),
        (BACKUP.replace("45m", "soon"), "duration", "such as `90s`"),
        (BACKUP.replace("45m", "true"), "duration", "not true or false"),
        (BACKUP.replace("45m", "[]"), "duration", "must be a number"),
        (BACKUP.replace("30 3 * * *", "30 3 * *"), "cron", "is no cron expression"),
        (BACKUP.replace("30 3 * * *", "* 30 3 * * *"), "cron", "write five fields"),
        (BACKUP.replace("30 3 * * *", "0 0 31 2 *"), "cron", "is no cron expression (Bad day-of-month)"),
        (BACKUP + ", from: 2026-01-01", "cron", "and `from` are both given"),
        ("name: a", "", "says no time"),
        ("name: a, cron: '0 3 * * *'", "", "has no `duration`"),
        ("name: a, until: 2026-01-05 22:00", "", "has no `from`"),
        ("name: a, from: noon, until: 2026-01-05", "from", "`noon` is no time"),
        ("name: a, from: 2026-01-05, until: 2026-13-05", "until", "`2026-13-05` is no time"),
        ("name: a, from: 0001-01-01 00:00 Asia/Tokyo, until: 2026-01-05", "from", "is no time"),
        ("name: a, from: 2026-01-05, until: 2026-01-05", "until", "is not later than `from`"),
        ("name: a, from: 2026-03-29 02:30 Europe/Berlin, until: 2026-04-01", "from", "does not exist"),
        ("name: a, from: 2026-03-29 02:30 Mars/Phobos, until: 2026-04-01", "from", "no time zone `Mars"),
        ("name: '', cron: '0 3 * * *', duration: 1h", "name", "must not be empty"),
        ("cron: '0 3 * * *', duration: 1h", "name", "is missing"),
        ("name: a, croon: '0 3 * * *'", "croon", "did you mean `cron`?"),
    ],
)
def test_bad_input_is_one_sentence_at_its_key(item: str, key: str, words: str) -> None:
    found = problem(text(item))
    assert found.key == f"maintenance[0]{'.' if key else ''}{key}"
    assert words in found.message
    assert found.line == 3


def test_a_list_is_wanted_and_names_are_given_once() -> None:
    assert "must be a list" in problem("maintenance: {name: a}").message
    assert "must hold keys" in problem("maintenance: [7]").message
    assert "`backup` is the name of another window too" in problem(text(BACKUP, BACKUP)).message


def test_a_reload_says_what_changes() -> None:
    none, one = made(text("name: z, from: 2037-01-01, until: 2038-01-01")), made(text(BACKUP))
    longer = made(text(BACKUP.replace("45m", "1h")))
    assert compare(one, made(text(BACKUP))).changes == ()
    assert compare(none, one).changes == (
        "maintenance: window z removed",
        "maintenance: window backup added",
    )
    assert compare(one, longer).changes == (
        "maintenance: window backup: times: `30 3 * * * for 45 min, Europe/Berlin` → "
        "`30 3 * * * for 1 h, Europe/Berlin`",
    )


# -- clock changes


@pytest.mark.parametrize("zone", [BERLIN, ""])
def test_what_is_skipped_in_spring_begins_right_after_the_gap(zone: str) -> None:
    with in_zone(BERLIN):
        found = begins("30 2 * * *", "2026-03-28 12:00", "2026-03-30 12:00", zone)
    assert found == ["29 03:00 +0200", "30 02:30 +0200"]


@pytest.mark.parametrize("zone", [BERLIN, ""])
def test_what_comes_twice_in_autumn_begins_once(zone: str) -> None:
    with in_zone(BERLIN):
        found = begins("30 2 * * *", "2026-10-24 12:00", "2026-10-26 12:00", zone)
    assert found == ["25 02:30 +0200", "26 02:30 +0100"]


@pytest.mark.parametrize("zone", [BERLIN, ""])
def test_what_comes_every_hour_comes_in_each(zone: str) -> None:
    with in_zone(BERLIN):
        assert begins("5 * * * *", "2026-10-25 01:00", "2026-10-25 03:30", zone) == [
            "25 01:05 +0200",
            "25 02:05 +0200",
            "25 02:05 +0100",
            "25 03:05 +0100",
        ]
        assert begins("5 * * * *", "2026-03-29 01:00", "2026-03-29 03:30", zone) == [
            "29 01:05 +0100",
            "29 03:05 +0200",
        ]


def test_a_window_over_a_clock_change_lasts_as_long_as_ever() -> None:
    (window,) = windows(BACKUP.replace("30 3", "30 1").replace("45m", "2h"))
    assert window.covering(at(berlin("2026-03-29 01:40"))) == at(berlin("2026-03-29 04:30"))
    (window,) = windows(BACKUP.replace("30 3", "30 1").replace("45m", "2h"))
    assert window.covering(at(berlin("2026-10-25 01:40"))) == at(berlin("2026-10-25 02:30") + 3600)


def test_two_that_a_clock_change_brings_together_are_one() -> None:
    window = Window("long", Repeated(CronTimes("30 2 * * *", BERLIN), 23.5 * 3600))
    assert window.covering(at(berlin("2026-03-27 12:00"))) == at(berlin("2026-03-28 02:00"))
    # 02:30 of the 29th is 03:00, when the one before is just over, and so on until the next day is whole
    assert window.covering(at(berlin("2026-03-28 12:00"))) == at(berlin("2026-03-31 02:00"))
    assert window.next_change(at(berlin("2026-03-28 12:00"))) == at(berlin("2026-03-31 02:00"))


# -- whatever the window


class Listed:
    """Begins at the times of a list."""

    def __init__(self, times: list[int]) -> None:
        self._times = sorted(times)

    def after(self, wall: float) -> float | None:
        return next((float(time) for time in self._times if time > wall), None)


def covered(window: Window, wall: float) -> bool:
    return window.covering(at(wall)) is not None


@settings(max_examples=300, deadline=None)
@given(
    times=st.lists(st.integers(0, 60), max_size=8),
    lasts=st.integers(1, 30),
    now=st.integers(-10, 100),
)
@example(times=[0, 5, 10], lasts=5, now=0)
def test_the_next_change_is_the_first_moment_at_which_it_is_otherwise(
    times: list[int], lasts: int, now: int
) -> None:
    window = Window("any", Repeated(Listed(times), lasts))
    inside = any(time <= now < time + lasts for time in times)
    assert covered(window, now) == inside
    change = window.next_change(at(now))
    later = [t for t in range(now + 1, 120) if any(b <= t < b + lasts for b in times) != inside]
    assert (None if change is None else change.wall) == (later[0] if later else None)
    if inside:
        assert window.covering(at(now)) == change


EXPRESSIONS = ["30 3 * * *", "*/20 1-3 * * *", "0 2 * * SUN", "15 * * * *", "0 0 1 * *", "30 2 25-31 3,10 *"]


@settings(max_examples=150, deadline=None)
@given(
    expression=st.sampled_from(EXPRESSIONS),
    zone=st.sampled_from([BERLIN, "America/New_York", "Australia/Lord_Howe", "UTC"]),
    minutes=st.integers(1, 15),
    start=st.sampled_from(["2026-03-28", "2026-10-24", "2026-04-04", "2026-01-01"]),
    offset=st.integers(0, 3 * 86_400),
)
def test_covering_and_the_next_change_agree_over_clock_changes(
    expression: str, zone: str, minutes: int, start: str, offset: int
) -> None:
    window = Window("any", Repeated(CronTimes(expression, zone), minutes * 60.0))
    now = at(berlin(start) + offset)
    for _ in range(6):
        change, inside = window.next_change(now), covered(window, now.wall)
        assert change is not None
        assert change.wall > now.wall
        assert covered(window, (now.wall + change.wall) / 2) == inside
        assert covered(window, change.wall) != inside
        assert change.mono - now.mono == change.wall - now.wall
        now = change
