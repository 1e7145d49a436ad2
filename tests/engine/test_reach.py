"""What a round of probes comes to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opsbot.domain.moment import Moment
from opsbot.domain.reach import Answer, Discord, Reach, Round, Via
from opsbot.engine.reach import NEVER_REACHED, connected, judge, taken, worse

NOW = Moment(5000.0, 1_767_625_440.0)
CONTROL = Answer(Via.CONTROL, "1.1.1.1:443", True)
NAMES = Answer(Via.NAMES, "the name discord.com", True)
STATUS = Answer(Via.STATUS, "discordstatus.com", True)
REST = Answer(Via.REST, "Discord's API", True, "its API answers", Discord.UP)
OWN = Answer(Via.GATEWAY, "opsbot's own gateway", True, "works", Discord.UP, at=NOW)
GONE = Answer(Via.GATEWAY, "opsbot's own gateway", False, "gone too", Discord.DOWN)


def dead(answer: Answer) -> Answer:
    """The same probe without an answer."""
    return replace(answer, reached=False, text="network not reachable", discord=None, at=None)


def quiet(answer: Answer) -> Answer:
    """The same probe with nothing to say."""
    return replace(answer, reached=None, discord=None, at=None)


@pytest.mark.parametrize("alive", [CONTROL, STATUS, REST, OWN])
def test_whoever_reaches_one_thing_is_connected(alive: Answer) -> None:
    others = [dead(a) for a in (CONTROL, STATUS, REST, OWN) if a.via is not alive.via]
    assert connected([*others, alive], NOW) is True


def test_whoever_reaches_nothing_is_cut_off_and_says_what_was_tried() -> None:
    found = judge([dead(CONTROL), dead(NAMES), dead(REST), GONE], NOW)
    assert found.connected is False
    assert found.discord is Discord.UNKNOWN
    assert "1.1.1.1:443 (network not reachable)" in found.tried


def test_a_name_that_still_comes_from_a_cache_is_no_connection() -> None:
    assert connected([dead(CONTROL), NAMES, dead(REST)], NOW) is False


def test_without_other_addresses_the_resolver_decides() -> None:
    assert connected([NAMES, dead(REST)], NOW) is None
    assert connected([dead(NAMES), dead(REST)], NOW) is False


def test_whoever_resolves_no_name_and_reaches_nothing_that_has_one_is_cut_off() -> None:
    assert connected([CONTROL, dead(NAMES), dead(STATUS), dead(REST)], NOW) is False
    assert connected([CONTROL, dead(NAMES), dead(STATUS), REST], NOW) is True
    assert connected([CONTROL, quiet(NAMES), dead(STATUS), dead(REST)], NOW) is True


def test_what_was_heard_before_the_round_is_no_connection_now() -> None:
    before = replace(OWN, at=Moment(NOW.mono - 30, NOW.wall - 30))
    assert connected([dead(CONTROL), before], NOW) is False


def test_discord_alone_that_is_silent_may_be_either_side() -> None:
    found = judge([dead(REST), GONE], NOW)
    assert found.connected is None
    assert found.discord is Discord.UNKNOWN


def test_with_nothing_to_ask_nothing_is_known() -> None:
    assert judge([], NOW).connected is None
    assert judge([quiet(CONTROL), quiet(OWN)], NOW).connected is None


def test_discord_is_down_when_its_status_page_says_so_whatever_else_works() -> None:
    bad = replace(STATUS, text="its status page reports a major outage of its API", discord=Discord.DOWN)
    found = judge([CONTROL, bad, REST, OWN], NOW)
    assert found.discord is Discord.DOWN
    assert "major outage of its API" in found.discord_text
    assert found.discord_at is None


@pytest.mark.parametrize(
    ("answers", "discord"),
    [
        ([CONTROL, NAMES, REST, OWN], Discord.UP),
        ([CONTROL, NAMES, REST], Discord.UP),
        ([CONTROL, NAMES, dead(REST), OWN], Discord.UP),
        ([CONTROL, NAMES, dead(REST)], Discord.DOWN),
        ([CONTROL, NAMES, dead(REST), GONE], Discord.DOWN),
        ([CONTROL, NAMES, REST, GONE], Discord.DOWN),
        ([CONTROL, dead(NAMES), dead(REST), GONE], Discord.UNKNOWN),
        ([CONTROL, NAMES, replace(REST, discord=Discord.DOWN)], Discord.DOWN),
        ([CONTROL, NAMES, replace(REST, discord=None)], Discord.UNKNOWN),
        ([CONTROL, NAMES, REST, replace(OWN, reached=None, discord=Discord.UNKNOWN)], Discord.UNKNOWN),
        ([CONTROL, NAMES, STATUS], Discord.UNKNOWN),
    ],
)
def test_discord_is_up_only_on_evidence_and_down_only_while_the_line_works(
    answers: list[Answer], discord: Discord
) -> None:
    assert judge(answers, NOW).discord is discord


def test_the_newest_evidence_counts() -> None:
    heard = replace(OWN, at=Moment(NOW.mono - 30, NOW.wall - 30))
    assert judge([CONTROL, heard], NOW).discord_at == heard.at
    assert judge([CONTROL, heard, REST], NOW).discord_at == NOW


def test_bad_news_is_confirmed_and_old_news_is_not() -> None:
    cut, fine = judge([dead(CONTROL)], NOW), judge([CONTROL, REST], NOW)
    down = judge([CONTROL, dead(REST)], NOW)
    assert worse(cut, None)
    assert worse(cut, fine)
    assert worse(down, fine)
    assert not worse(cut, cut)
    assert not worse(down, down)
    assert not worse(fine, cut)


def test_what_was_never_reached_is_blocked_and_not_lost() -> None:
    cut = Round(NOW, connected=False)
    first = taken(Reach(guarded=True), cut, NOW)
    assert first.cut_off == NOW
    assert taken(first, replace(cut, started=NOW.after(60)), NOW.after(60)).cut_off == NOW
    late = NOW.after(NEVER_REACHED)
    assert taken(first, replace(cut, started=late), late).cut_off is None
    reached = taken(first, Round(NOW.after(5), connected=True), NOW.after(5))
    assert taken(reached, replace(cut, started=late), late).cut_off == late
