"""Whatever an incident holds, Discord takes its message, and only configured roles are pinged.

The limits are written anew here, from Discord's documentation, in UTF-16 units.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from opsbot.domain.incident import Incident
from opsbot.draw.answers import incidents_list, refusal
from opsbot.draw.incident import incident_alarm, incident_message, marker, moved_message, resolved_reply
from opsbot.draw.limits import clamp
from opsbot.draw.payload import Button, Colour, Embed, Field, Menu, Payload
from opsbot.draw.wire import message_json
from tests.draw.samples import any_text, incidents, nasty_text, patient, short_text

LIVE = re.compile(
    r"@everyone|@here|<@[!&]?\d+>|<#\d+>|</[^:\n]{1,100}:\d+>|<a?:\w+:\d+>|<id:\w+>", re.IGNORECASE
)


def size(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def texts(payload: Payload) -> Iterator[str]:
    yield payload.content or ""
    for embed in payload.embeds:
        yield from (embed.title, embed.description, embed.footer)
        for field in embed.fields:
            yield from (field.name, field.value)


def assert_discord_takes_it(payload: Payload) -> None:
    assert size(payload.content or "") <= 2000
    assert (payload.content or "").strip() or payload.embeds
    assert len(payload.embeds) <= 10
    for embed in payload.embeds:
        assert size(embed.title) <= 256
        assert size(embed.description) <= 4096
        assert size(embed.footer) <= 2048
        assert len(embed.fields) <= 25
        assert embed.title.strip() or embed.description.strip() or embed.fields or embed.footer
        for field in embed.fields:
            assert 1 <= size(field.name.strip()) <= 256
            assert 1 <= size(field.value.strip()) <= 1024
    assert sum(size(text) for text in texts(payload)) - size(payload.content or "") <= 6000
    assert_buttons(payload)
    assert len(payload.nonce) <= 25
    message_json(payload)


def assert_buttons(payload: Payload) -> None:
    assert len(payload.rows) <= 5
    items = [item for row in payload.rows for item in row]
    assert all(1 <= len(row) <= (1 if isinstance(row[0], Menu) else 5) for row in payload.rows)
    assert all(1 <= size(item.custom_id) <= 100 for item in items)
    assert all(1 <= size(item.label) <= 80 for item in items if isinstance(item, Button))
    assert len({item.custom_id for item in items}) == len(items)
    for menu in (item for item in items if isinstance(item, Menu)):
        assert 1 <= menu.most <= len(menu.choices) <= 25
        assert all(1 <= size(text) <= 100 for c in menu.choices for text in (c.label, c.value))
        assert len({choice.value for choice in menu.choices}) == len(menu.choices)
        assert sum(choice.chosen for choice in menu.choices) <= menu.most
        assert size(menu.placeholder) <= 150


@patient
@given(
    incidents(), st.lists(st.integers(1, 2**63), max_size=3, unique=True), st.booleans(), st.floats(0, 1e9)
)
def test_any_incident_is_within_all_limits_and_pings_only_what_is_configured(
    incident: Incident, roles: list[int], escalated: bool, late: float
) -> None:
    alarm = incident_alarm(incident, tuple(roles), escalated=escalated, late=late)
    quiet = [incident_message(incident, late=late), resolved_reply(incident, 5), moved_message(incident)]
    for payload in (alarm, *quiet, incidents_list([incident] * 20), refusal(incident.title)):
        assert_discord_takes_it(payload)
        assert set(payload.roles) <= set(roles)
    mentioned = [found.group() for text in texts(alarm) for found in LIVE.finditer(text)]
    assert mentioned == [f"<@&{role}>" for role in roles]
    assert not any(LIVE.search(text) for payload in quiet for text in texts(payload))
    assert not any(payload.roles for payload in quiet)


@patient
@given(incidents())
def test_nobody_can_break_out_of_what_is_drawn(incident: Incident) -> None:
    embed = incident_message(incident).embeds[0]
    said = re.sub(r"\nIts last lines:\n```\n(?:(?!```).)+\n```\Z", "", embed.description, flags=re.DOTALL)
    for text in (embed.title, said, *(field.value for field in embed.fields)):
        assert "```" not in text
        assert not re.search(r"(?<!\\)\[[^\]]*\]\(", text), "a masked link"
        assert not set(text) & set("\u202e\u2066\x1b\x00\u200d")
    assert embed.footer == marker(incident)
    assert not set(embed.footer + embed.description) & set("\u202e\u2066\x1b\x00\u200d")
    assert "\n" not in embed.footer
    assert embed.description.split("\n")[0].startswith(("**", "It was: **"))


embeds = st.builds(
    Embed,
    title=short_text,
    description=any_text,
    colour=st.sampled_from(Colour),
    fields=st.lists(st.builds(Field, short_text, short_text, st.booleans()), max_size=26).map(tuple),
    footer=short_text,
)
buttons = st.builds(Button, nasty_text, st.text("ab:", max_size=120))
payloads = st.builds(
    Payload,
    content=st.one_of(st.none(), any_text),
    embeds=st.lists(embeds, max_size=2).map(tuple),
    rows=st.lists(st.lists(buttons, max_size=7).map(tuple), max_size=7).map(tuple),
    nonce=st.text(max_size=40),
)


@patient
@given(payloads)
def test_any_payload_is_brought_within_the_limits(payload: Payload) -> None:
    assert_discord_takes_it(clamp(payload))


@patient
@given(payloads)
def test_what_is_within_the_limits_is_left_as_it_is(payload: Payload) -> None:
    assert clamp(clamp(payload)) == clamp(payload)


def test_a_cut_code_block_is_closed() -> None:
    shown = clamp(Payload(content="log\n```\n" + "x" * 3000 + "\n```")).content
    assert shown
    assert shown.count("```") == 2
    assert size(shown) <= 2000
