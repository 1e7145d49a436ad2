"""What opsbot can be asked in a runbook: a closed set, every mistake with its remedy."""

from __future__ import annotations

from contextlib import suppress
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsbot.domain.runbook import (
    Ask,
    AskCheck,
    AskDisk,
    AskLog,
    AskMetric,
    AskPort,
    AskReach,
    AskRestarts,
    AskVersions,
    Expect,
)
from opsbot.runbooks.directives import VERBS, DirectiveError, directive


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("check process", AskCheck("process")),
        ("check openrouter-2", AskCheck("openrouter-2")),
        ('log "Bot is ready" since=start expect=some', AskLog("Bot is ready", Expect.SOME, None, True)),
        (r'log "took \d+ s" since=all', AskLog(r"took \d+ s")),
        ("log 'rate=limit' case=any since=7d", AskLog("rate=limit", since=604_800.0, any_case=True)),
        ("log expect=none", None),
        ("log since", AskLog("since", since=86_400.0)),
        ("metric cpu_percent below=85", AskMetric("cpu_percent", below=85.0)),
        ("metric cpu_percent below=85% over=5m", AskMetric("cpu_percent", below=85.0, over=300.0)),
        ("metric rss_bytes below=500MB above=1KB", AskMetric("rss_bytes", 500.0 * 2**20, 1024.0)),
        ("metric health_response_seconds below=100ms", AskMetric("health_response_seconds", 0.1)),
        ("metric threads below=50", AskMetric("threads", 50.0)),
        ("port", AskPort()),
        ("port 5000", AskPort(5000)),
        ("restarts", AskRestarts(3, 3600.0)),
        ("restarts most=0 within=24h", AskRestarts(0, 86_400.0)),
        ("disk", AskDisk()),
        ("disk free=5GB", AskDisk(5.0 * 2**30)),
        ("versions", AskVersions()),
        ("reach", AskReach()),
    ],
)
def test_a_directive_asks_one_thing(text: str, asked: Ask | None) -> None:
    if asked is None:
        with pytest.raises(DirectiveError):
            directive(text)
    else:
        assert directive(text) == asked


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "known are check, log"),
        ("sh -c reboot", "opsbot cannot `sh`"),
        ("restart", "did you mean `restarts`?"),
        ("check", "needs the name or the kind of a check"),
        ("check ../x", "no name of a check"),
        ("check a b", "`b` is too much"),
        ("log", "needs a pattern"),
        ('log "x', "a quote is opened and not closed"),
        ("log x since=yesterday", "such as 30m, 24h or 7d, start or all"),
        ("log x since=0s", "is a span such as"),
        ("log x expect=2", "`expect` is none or some"),
        ("log x case=upper", "`case` is any or exact"),
        ("log x sinse=1h", "did you mean `since`?"),
        ("log x since=1h since=2h", "stands twice"),
        ("metric cpu_percent", "needs a limit"),
        ("metric CPU below=1", "no name of a metric"),
        ("metric cpu_percent below=85MB", "a number, with % behind it"),
        ("metric threads below=5s", "`below` is a number, not `5s`"),
        ("metric cpu_percent below=nan", "`below` is a number"),
        ("port 70000", "a number from 1 to 65535"),
        ("port 5000 6000", "`6000` is too much"),
        ("restarts most=-1", "a whole number such as 3"),
        ("disk free=5%", "B to TB"),
        ("versions all", "behind `versions` stands nothing"),
    ],
)
def test_a_wrong_one_is_told_with_the_remedy(text: str, said: str) -> None:
    with pytest.raises(DirectiveError) as told:
        directive(text)
    assert said in str(told.value)


def test_each_question_has_one_word() -> None:
    assert len(VERBS) == len(get_args(Ask))


WORDS = st.sampled_from(
    [*VERBS, "since=", "below=", "1h", '"', "'", "x", "=", "over=5m", "expect=some", "85%", "\\", "free=1GB"]
)


@given(st.one_of(st.text(), st.lists(WORDS, max_size=8).map(" ".join)))
def test_whatever_is_written_is_one_of_the_questions_or_a_mistake(text: str) -> None:
    with suppress(DirectiveError):
        assert isinstance(directive(text), get_args(Ask))
