"""`/logs`: six questions, answered to whoever asked."""

from __future__ import annotations

from typing import Any

import pytest

from opsbot.domain.logs import Api, Errors, Hourly, Lines, LogLook, Question, Result, Took, Topic, Usage
from tests.cogs.stage import Stage, refused, said

ERROR = "2026-01-05 15:04:21,123 - src.main - ERROR - **bold** @everyone password=hunter2! `x`"
TOPICS: dict[str, tuple[Result, str]] = {
    "errors": (
        Errors({"ERROR": 3, "CRITICAL": 1}, 7, (("APIError", 3), ("", 1)), (("src.main", 4),), (ERROR,)),
        "**4** (3 ERROR · 1 CRITICAL) · 7 warnings",
    ),
    "hourly": (Hourly((("2026-01-05 14", 1), ("2026-01-05 15", 4))), "01-05 15h      4 ████████████\n"),
    "api": (
        Api(("openrouter.ai",), 90, 10, (("200", 90), ("502", 10)), Took(90, 1.5, 0.2, 4), (ERROR,)),
        "✓ **90** succeeded · ✗ **10** failed",
    ),
    "usage": (Usage("create_summary", 12, (("general", 12),), (("ada", 12),)), "**12** requests"),
    "tail": (Lines(("first", ERROR), 2), "first\n2026-01-05"),
    "search": (Lines((ERROR,), 1), "**1** line matches"),
}


def options(topic: str) -> dict[str, Any]:
    return {"pattern": "x"} if topic == "search" else {}


def answer(up: Stage, result: Result, *notes: str) -> None:
    up.operations.log_look = LogLook(
        "summarybot", "Summary Bot NG", Question(Topic.TAIL), result, ("bot.log",), 1234, notes
    )


def asked(up: Stage) -> str:
    return up.operations.asked("logs")[-1].detail


@pytest.mark.parametrize("topic", TOPICS)
async def test_an_operator_is_answered_privately(up: Stage, topic: str) -> None:
    result, text = TOPICS[topic]
    answer(up, result)
    shown = await up.world.otto.slash(up.world.ops, f"logs {topic}", **options(topic))
    assert shown.ephemeral
    assert text in said(shown)
    assert f"'{topic}'" in asked(up)


@pytest.mark.parametrize("topic", ["errors", "api", "tail", "search"])
async def test_lines_of_a_log_do_nothing_and_show_no_secret(up: Stage, topic: str) -> None:
    answer(up, TOPICS[topic][0])
    shown = said(await up.world.otto.slash(up.world.ops, f"logs {topic}", **options(topic)))
    assert "hunter2" not in shown
    assert "@everyone" not in shown
    assert "`x`" not in shown


@pytest.mark.parametrize("topic", TOPICS)
async def test_who_may_only_look_may_not_read_logs(up: Stage, topic: str) -> None:
    answer(up, TOPICS[topic][0])
    assert refused(await up.world.vera.slash(up.world.ops, f"logs {topic}", **options(topic)))
    assert up.operations.asked("logs") == []


async def test_the_answer_can_be_shared(up: Stage) -> None:
    answer(up, TOPICS["errors"][0])
    assert not (await up.world.otto.slash(up.world.ops, "logs errors", public=True)).ephemeral


async def test_what_does_not_fit_a_message_is_a_file_without_secrets(up: Stage) -> None:
    answer(up, Lines(tuple(f"line {n} {ERROR}" for n in range(500)), 500))
    shown = await up.world.otto.slash(up.world.ops, "logs tail", lines=500)
    files = [
        file for message in (shown.response, *shown.followups) if message for file in message.attachments
    ]
    assert [file.filename for file in files] == ["summarybot-tail.txt"]
    text = (up.sim.content_of(files[0]) or b"").decode()
    assert text.count("\n") == 499
    assert "hunter2" not in text
    assert "line 499" in said(shown)


async def test_what_was_left_out_is_said_with_the_answer(up: Stage) -> None:
    answer(up, TOPICS["hourly"][0], "bot_1.log.gz: it is damaged; what could be unpacked was read.")
    shown = said(await up.world.otto.slash(up.world.ops, "logs hourly"))
    assert "⚠ bot_1.log.gz: it is damaged" in shown.replace("\\", "")


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (Errors({}, 0, (), ()), "🟢 No errors."),
        (Hourly(()), "🟢 No errors."),
        (Api(("openrouter.ai",), 0, 0, ()), "No line names openrouter.ai."),
        (Usage("create_summary", 0), "No line holds `create_summary`."),
        (Lines((), 0), "The log is empty."),
    ],
)
async def test_nothing_is_said_in_one_sentence(up: Stage, result: Result, text: str) -> None:
    answer(up, result)
    assert text in said(await up.world.otto.slash(up.world.ops, "logs tail"))


async def test_a_mistake_is_one_private_sentence(up: Stage) -> None:
    shown = await up.world.otto.slash(up.world.ops, "logs errors", since="whenever", public=True)
    assert "is today, a span such as 24h" in said(shown)
    assert shown.ephemeral
    shown = await up.world.otto.slash(up.world.ops, "logs errors")
    assert "There is no log of summarybot." in said(shown)


async def test_the_question_says_what_was_asked(up: Stage) -> None:
    answer(up, TOPICS["search"][0])
    await up.world.otto.slash(
        up.world.ops, "logs search", pattern="a(b", plain=True, ignore_case=True, since="all"
    )
    for part in ("pattern='a(b'", "plain=True", "ignore_case=True", "since=None"):
        assert part in asked(up)
    await up.world.otto.slash(up.world.ops, "logs usage", request="GET /")
    assert "request='GET /'" in asked(up)


async def test_targets_and_beginnings_are_suggested(up: Stage) -> None:
    targets = await up.world.otto.autocomplete(up.world.ops, "logs errors", "target", "summ")
    assert [choice["value"] for choice in targets] == ["summarybot"]
    since = await up.world.otto.autocomplete(up.world.ops, "logs errors", "since", "to")
    assert [choice["value"] for choice in since] == ["today"]
    assert await up.world.bob.autocomplete(up.world.ops, "logs errors", "since", "") == []
