"""A report reads well in Discord and in a terminal, also when nothing happened."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest

from opsbot.charts.process import ProcessPainter
from opsbot.domain.levels import Priority
from opsbot.domain.moment import Moment
from opsbot.domain.report import Figures, Noise, Period, Report, Slot, Spread, Uptime
from opsbot.draw.report import (
    QUIET,
    TIMES,
    UNSEEN,
    WHAT_IS_DOWN,
    report_chart,
    report_data,
    report_payload,
    report_text,
)
from tests.bound import BOUND

HOUR, DAY = 3600.0, 86_400.0
END = 1_767_625_440.0  # 2026-01-05 15:04:00 UTC


def uptime(down: float = 0.0, watched: float = 7 * DAY, name: str = "summarybot") -> Uptime:
    slots = tuple(Slot(END - 7 * DAY + n * 6 * HOUR, 1 - (n == 3) * down / (6 * HOUR)) for n in range(28))
    return Uptime(name, "Summary Bot NG", watched, down, slots if watched else ())


def week(**changed: object) -> Figures:
    made = Figures(
        END - 7 * DAY,
        END,
        (uptime(600),),
        tuple((p, 2 if p is Priority.P1 else 0) for p in Priority),
        Spread(1, 40, 40, 7),
        1,
        Spread(2, 300, 540, 8),
        (9,),
        3,
        1,
        1,
        (Noise("summarybot", "bot_process_down", 4),),
        tuple((END - 7 * DAY + n * 6 * HOUR, int(n == 3)) for n in range(28)),
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def empty(**changed: object) -> Figures:
    return replace(Figures(END - 7 * DAY, END, (uptime(),)), **changed)  # type: ignore[arg-type]


def report(now: Figures, before: Figures | None = None) -> Report:
    return Report(Period.WEEK, Moment(0, END), now, before or empty())


def test_it_says_what_happened_and_how_it_was_before() -> None:
    before = week(uptimes=(uptime(6000),), automatic=9, restore=Spread(4, 900, 900, 1))
    assert report_text(report(week(told=Spread(1, 3, 3, 7)), before), UTC) == "\n".join(
        [
            "Weekly report, 2025-12-29 15:04 to 2026-01-05 15:04 UTC",
            "",
            "✗ summarybot: 99.901% up, down 10 min (before: 99.008%)",
            "",
            "Incidents:           2 (before: 2)",
            "                     P1: 2",
            "Time to tell:        3 s",
            "Time to acknowledge: 40 s (before: 40 s)",
            "                     1 by nobody",
            "Time to restore:     5 min (before: 15 min)",
            "                     worst 9 min, incident #8",
            "Restarts:            4 (before: 10)",
            "                     3 automatic, 1 by people, 1 failed",
            "Noisiest rules:      bot_process_down on summarybot: 4×",
            "Still open:          #9",
            "",
            WHAT_IS_DOWN,
            TIMES,
        ]
    )


def test_what_was_down_for_a_moment_was_not_up_for_a_hundred_per_cent() -> None:
    assert "99.999% up, down 100 ms" in report_text(report(week(uptimes=(uptime(0.1),))))


def test_a_quiet_week_is_told_as_one() -> None:
    text = report_text(report(empty()))
    assert QUIET in text
    assert "✓ summarybot: 100% up" in text
    (embed,) = report_payload(report(empty())).embeds
    assert QUIET in embed.description


def test_a_first_report_says_that_there_is_nothing_yet() -> None:
    unseen = empty(uptimes=(uptime(watched=0),))
    text = report_text(report(unseen, unseen))
    assert UNSEEN in text
    assert "? summarybot: not watched" in text
    assert "before" not in text


def test_in_discord_the_worst_comes_first_and_many_fit() -> None:
    many = week(uptimes=tuple(uptime(n, name=f"target{n}") for n in range(60)))
    (embed,) = report_payload(report(many), marker="Weekly report · then").embeds
    assert "down 59 s" in embed.description.splitlines()[0]
    assert "… and 40 more" in embed.description
    assert embed.footer.startswith("Weekly report · then · Down:")


def test_names_do_nothing_in_discord() -> None:
    evil = week(
        uptimes=(replace(uptime(), title="@everyone [x](http://y)"),),
        noisiest=(Noise("<@1>", "*bold* @here", 2),),
    )
    (embed,) = report_payload(report(evil)).embeds
    shown = embed.description + "".join(field.value for field in embed.fields)
    assert "@everyone" not in shown
    assert "@here" not in shown
    assert "\\[x](http:\\//y)" in shown
    assert "\\*bold\\*" in shown


def test_programs_get_plain_data() -> None:
    data = report_data(report(week()))
    assert data["opened"] == {"P1": 2, "P2": 0, "P3": 0, "P4": 0}
    assert data["uptimes"][0]["part"] == pytest.approx(1 - 600 / (7 * DAY))
    assert data["before"]["restore"] is None


def test_the_picture_has_the_uptime_and_the_incidents() -> None:
    chart = report_chart(report(week()), UTC)
    assert [panel.title for panel in chart.panels] == ["Summary Bot NG, up", "Incidents"]
    assert len(chart.panels[0].points) == 28


async def test_the_picture_can_be_painted() -> None:
    painter = ProcessPainter(patience=BOUND)
    if painter.missing:
        pytest.skip("matplotlib is not installed")
    assert (await painter.paint(report_chart(report(week()), UTC))).startswith(b"\x89PNG")
