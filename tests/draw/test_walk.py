"""How a walk through a runbook looks, in Discord and on a terminal."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsbot.domain.actor import Actor, ActorKind
from opsbot.domain.runbook import Listed
from opsbot.domain.walk import Mark, Walk, WalkStep
from opsbot.draw.limits import CUSTOM_ID, EMBED_DESCRIPTION, clamp
from opsbot.draw.payload import Button, Colour
from opsbot.draw.walk import listed_lines, menu_payload, walk_data, walk_lines, walk_payload
from opsbot.text import units
from tests.draw.samples import NASTY

WORST = ("@everyone *x* <@1> `y` \x1b[2J" * 50)[:900]
OLGA = Actor(ActorKind.DISCORD, "1", "Olga")
AUTO = WalkStep("Is it online?", "If not, look.", "check process")
HAND = WalkStep("Ask Otto", "In the channel.\nOr by phone.")


def walk(*steps: WalkStep, ended: float | None = None) -> Walk:
    return Walk("A" * 16, "high-cpu", "High CPU", "d", "summarybot", OLGA, 1.0, steps, 7, ended)


def seen(mark: Mark, evidence: str = "seen") -> WalkStep:
    return replace(AUTO, mark=mark, evidence=evidence)


def said(mark: Mark) -> WalkStep:
    return replace(HAND, mark=mark, by=OLGA)


def labels(shown: Walk) -> list[str]:
    return [item.label for row in walk_payload(shown).rows for item in row if isinstance(item, Button)]


def lines(shown: Walk) -> list[str]:
    (embed,) = walk_payload(shown).embeds
    return embed.description.splitlines()[2:]


def test_each_step_has_its_sign_and_what_was_seen() -> None:
    shown = walk(seen(Mark.FINE), seen(Mark.WRONG), seen(Mark.UNSURE), said(Mark.SKIPPED), AUTO)
    assert lines(shown) == [
        "✓ 1. Is it online? – seen",
        "✗ 2. Is it online? – seen",
        "> If not, look.",
        "? 3. Is it online? – seen",
        "➖ 4. Ask Otto – skipped by Olga",
        "⏳ **5. Is it online?**",
    ]


def test_whose_turn_it_is_sees_what_is_to_do() -> None:
    assert lines(walk(HAND, HAND)) == [
        "▶️ **1. Ask Otto**",
        "> In the channel.",
        "> Or by phone.",
        "▫️ 2. Ask Otto",
    ]


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("`/restart`, or `opsbot restart`.", "> `/restart`, or `opsbot restart`."),
        ("Say (`x_y_z`) *once*", r"> Say (`x_y_z`) \*once\*"),
        ("a ` alone", r"> a \` alone"),
        ("`@everyone`", "> `@\u200beveryone`"),
        ("- `a`", r"> \- `a`"),
    ],
)
def test_what_stands_between_backticks_is_code(text: str, drawn: str) -> None:
    assert lines(walk(replace(HAND, text=text)))[1].replace("\u200b", "") == drawn.replace("\u200b", "")


def test_the_buttons_are_those_of_the_step_that_waits() -> None:
    assert labels(walk(AUTO, HAND)) == ["Go on", "End"]
    assert labels(walk(seen(Mark.FINE), HAND)) == [
        "Yes, done (2)",
        "No (2)",
        "Skip (2)",
        "Look again",
        "End",
    ]
    assert labels(walk(HAND)) == ["Yes, done (1)", "No (1)", "Skip (1)", "End"]
    assert labels(walk(said(Mark.FINE), ended=2.0)) == []


@pytest.mark.parametrize(
    ("steps", "colour"),
    [
        ((seen(Mark.FINE), said(Mark.FINE)), Colour.GREEN),
        ((seen(Mark.FINE), said(Mark.SKIPPED)), Colour.GREY),
        ((seen(Mark.FINE), said(Mark.WRONG)), Colour.RED),
    ],
)
def test_its_end_has_the_colour_of_what_came_of_it(steps: tuple[WalkStep, ...], colour: Colour) -> None:
    assert walk_payload(walk(*steps, ended=2.0)).embeds[0].colour is colour
    assert walk_payload(walk(*steps, AUTO)).embeds[0].colour is Colour.BLUE


def test_a_terminal_shows_what_is_answered_from_a_step_on() -> None:
    shown = walk(seen(Mark.FINE), replace(HAND, mark=Mark.LEFT), said(Mark.SKIPPED), AUTO)
    assert walk_lines(shown) == [
        "✓ 1. Is it online? – seen",
        "- 2. Ask Otto – to do",
        "     In the channel.",
        "     Or by phone.",
        "- 3. Ask Otto – skipped",
    ]
    assert walk_lines(shown, 2) == ["- 3. Ask Otto – skipped"]


def test_the_list_stands_in_columns_and_marks_what_fits() -> None:
    listed = [
        Listed("high-cpu", "High CPU", fits=1),
        Listed("x", "X"),
        Listed("y", "y", mistake="y.md:3: no"),
    ]
    assert listed_lines(listed) == ["● high-cpu  High CPU", "  x         X", "  y         y.md:3: no"]


def test_the_menu_offers_no_more_than_discord_takes() -> None:
    payload = menu_payload(
        7, [Listed(f"n{number}", NASTY[number % len(NASTY)], WORST, 1) for number in range(40)]
    )
    assert payload == clamp(payload)
    assert payload.rows


TEXT = st.one_of(st.text(max_size=20), st.sampled_from([*NASTY, WORST, "\n" * 50]))
STEPS = st.builds(
    WalkStep,
    title=TEXT,
    text=TEXT,
    ask=st.sampled_from(["", "check x"]),
    mark=st.sampled_from(Mark),
    evidence=TEXT,
    by=st.none() | st.builds(Actor, st.just(ActorKind.DISCORD), st.just("1"), TEXT),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(STEPS, min_size=1, max_size=25), TEXT, st.lists(TEXT, max_size=3), st.booleans())
def test_whatever_it_holds_it_fits_and_every_step_is_there(
    steps: list[WalkStep], title: str, remarks: list[str], over: bool
) -> None:
    shown = replace(
        walk(*steps, ended=2.0 if over else None), title=title, target=title, remarks=tuple(remarks)
    )
    payload = walk_payload(shown)
    assert payload == clamp(payload)
    (embed,) = payload.embeds
    assert units(embed.description) <= EMBED_DESCRIPTION
    for number in range(1, len(steps) + 1):
        assert re.search(rf"[ *]{number}\. ?", embed.description)
    for row in payload.rows:
        assert all(units(item.custom_id) <= CUSTOM_ID for item in row)
    assert "@everyone" not in embed.description
    json.dumps(walk_data(shown))
    assert all("\x1b" not in line and "\n" not in line for line in walk_lines(shown))
