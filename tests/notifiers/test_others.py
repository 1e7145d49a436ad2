"""Slack, PagerDuty, the generic webhook and the log: what arrives."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from opsbot.domain.levels import IncidentState
from opsbot.domain.notice import NoticeKind, Receipt
from opsbot.errors import DeliveryError
from opsbot.notifiers.slack import escape, message
from opsbot.testing import VirtualClock
from tests.draw.samples import incidents, nasty_text, patient, sample_incident, telling
from tests.notifiers.receivers import WebReceiver, web_receiver
from tests.notifiers.rigs import answer, build, files_no_longer_than

DOCUMENTATION = (Path(__file__).parents[2] / "docs" / "notifiers.md").read_text(encoding="utf-8")
CHANGED, RESOLVED = NoticeKind.CHANGED, NoticeKind.RESOLVED
TAKEN, OVER = IncidentState.ACKNOWLEDGED, IncidentState.RESOLVED


@pytest.fixture
async def receiver() -> AsyncIterator[WebReceiver]:
    async with web_receiver() as made:
        yield made


async def deliver(kind: str, options: dict[str, Any], *tellings: Any) -> Receipt | None:
    """All of them to one notifier, each with the receipt of the one before."""
    notifier = build(kind, options)
    receipt: Receipt | None = None
    try:
        for number, one in enumerate(tellings, 1):
            row = replace(one.notice, id=number)
            receipt = await notifier.deliver(replace(one, notice=row, receipt=receipt))
    finally:
        await notifier.close()
    return receipt


async def test_slack_gets_blocks_to_the_channel_of_the_configuration(receiver: WebReceiver) -> None:
    await deliver("slack", {"webhook_url": f"{receiver.url}/s", "channel": "#alerts"}, telling())
    body = receiver.requests[0].data
    assert body["channel"] == "#alerts"
    assert body["text"] == "P1 summarybot: Bot process is not running"
    blocks = body["attachments"][0]["blocks"]
    assert [block["type"] for block in blocks] == ["header", "section", "section"]
    assert "opsbot: Restarting it now" in blocks[1]["text"]["text"]


async def test_slack_hears_of_states_and_not_of_every_line(receiver: WebReceiver) -> None:
    told = (telling(), telling(CHANGED), telling(CHANGED), telling(CHANGED, TAKEN), telling(RESOLVED, OVER))
    await deliver("slack", {"webhook_url": f"{receiver.url}/s"}, *told)
    assert [request.data["text"].split(" summarybot")[0] for request in receiver.requests] == [
        "P1",
        "Acknowledged P1",
        "Resolved P1",
    ]


@pytest.mark.parametrize(
    ("status", "body", "place"),
    [
        (404, "no_service", True),
        (410, "channel_is_archived", True),
        (403, "action_prohibited", True),
        (400, "no_team", True),
        (400, "invalid_payload", False),
    ],
)
async def test_slacks_refusal_says_its_reason_and_whether_the_next_message_has_a_chance(
    status: int, body: str, place: bool, receiver: WebReceiver
) -> None:
    receiver.plan.append(answer(status, body))
    with pytest.raises(DeliveryError, match=body) as caught:
        await deliver("slack", {"webhook_url": f"{receiver.url}/s"}, telling())
    assert (caught.value.permanent, caught.value.place) == (True, place)


def slack_texts(node: Any) -> list[str]:
    if isinstance(node, dict):
        return [text for value in node.values() for text in slack_texts(value)]
    if isinstance(node, list):
        return [text for value in node for text in slack_texts(value)]
    return [node] if isinstance(node, str) else []


@patient
@given(incidents())
def test_nothing_in_slack_is_a_mention_or_too_long(incident: Any) -> None:
    body = message(incident)
    json.dumps(body).encode("utf-8")
    assert not any(set("<>") & set(text) for text in slack_texts(body))
    header, *sections = body["attachments"][0]["blocks"]
    assert 1 <= len(header["text"]["text"]) <= 150
    assert all(1 <= len(section["text"]["text"]) <= 3000 for section in sections)


@patient
@given(nasty_text)
def test_slacks_escapes_are_never_cut(text: str) -> None:
    shown = escape(text * 5, 40)
    assert len(shown) <= 40
    assert "&" not in shown.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")


async def test_pagerduty_is_triggered_acknowledged_and_resolved_under_one_key(receiver: WebReceiver) -> None:
    options = {"base_url": receiver.url, "routing_key": "k" * 32}
    await deliver(
        "pagerduty", options, telling(), telling(CHANGED), telling(CHANGED, TAKEN), telling(RESOLVED, OVER)
    )
    events = [request.data for request in receiver.requests]
    assert {request.path for request in receiver.requests} == {"/v2/enqueue"}
    assert [event["event_action"] for event in events] == ["trigger", "acknowledge", "resolve"]
    assert {event["dedup_key"] for event in events} == {"opsbot-12-1767625440"}
    assert {event["routing_key"] for event in events} == {"k" * 32}
    assert events[0]["payload"]["severity"] == "critical"
    assert events[0]["payload"]["timestamp"] == "2026-01-05T15:04:00Z"
    assert events[0]["payload"]["source"] == "summarybot"


async def test_pagerduty_is_triggered_before_it_can_be_acknowledged(receiver: WebReceiver) -> None:
    await deliver(
        "pagerduty", {"base_url": receiver.url, "routing_key": "k"}, telling(NoticeKind.OPENED, TAKEN)
    )
    assert [r.data["event_action"] for r in receiver.requests] == ["trigger", "acknowledge"]


async def test_nobody_is_paged_for_what_is_over_already(receiver: WebReceiver) -> None:
    await deliver(
        "pagerduty", {"base_url": receiver.url, "routing_key": "k"}, telling(NoticeKind.OPENED, OVER)
    )
    assert [r.data["event_action"] for r in receiver.requests] == ["resolve"]


@pytest.mark.parametrize(
    ("errors", "place"),
    [
        ("Length of 'routing_key' is incorrect (should be 32 characters)", True),
        ("'summary' is missing", False),
    ],
)
async def test_a_key_that_pagerduty_does_not_know_is_told_from_an_event_that_it_does_not_take(
    errors: str, place: bool, receiver: WebReceiver
) -> None:
    said = {"status": "invalid event", "message": "Event object is invalid", "errors": [errors]}
    receiver.plan.append(answer(400, json.dumps(said)))
    with pytest.raises(DeliveryError, match="Event object is invalid") as caught:
        await deliver("pagerduty", {"base_url": receiver.url, "routing_key": "k"}, telling())
    assert (caught.value.permanent, caught.value.place) == (True, place)
    assert ("routing_key" in str(caught.value)) is place


async def test_pagerduty_shows_the_runbook(receiver: WebReceiver) -> None:
    options = {"base_url": receiver.url, "routing_key": "k", "runbook_url": "https://wiki.example/bot"}
    await deliver("pagerduty", options, telling())
    assert receiver.requests[0].data["links"] == [{"href": "https://wiki.example/bot", "text": "Runbook"}]


async def test_the_same_state_repeated_is_the_same_delivery_and_another_one_is_not(
    receiver: WebReceiver,
) -> None:
    newer = replace(sample_incident(TAKEN), version=2)
    notifier = build("webhook", {"url": f"{receiver.url}/w"})
    for incident in (sample_incident(), sample_incident(), newer):
        await notifier.deliver(telling(incident=incident))
    await notifier.close()
    first, again, other = (request.headers["X-Opsbot-Delivery"] for request in receiver.requests)
    assert first == again != other


async def test_a_signed_document_can_be_checked_by_its_receiver(receiver: WebReceiver) -> None:
    await deliver("webhook", {"url": f"{receiver.url}/w", "secret": "s3"}, telling(late=9.5))
    request = receiver.requests[0]
    at = request.headers["X-Opsbot-Timestamp"]
    expected = hmac.new(b"s3", at.encode() + b"." + request.body, hashlib.sha256).hexdigest()
    assert request.headers["X-Opsbot-Signature"] == f"sha256={expected}"
    assert request.headers["X-Opsbot-Delivery"] == "opsbot-12-1767625440.1.1"
    assert request.data["schema"] == 1
    assert request.data["incident"]["target"] == "summarybot"
    assert request.data["late_seconds"] == 9.5


@pytest.mark.parametrize(
    ("secret", "hours", "believed"), [("s3", 0, True), ("other", 0, False), ("s3", 1, False)]
)
async def test_the_recipe_of_the_documentation_tells_opsbots_documents_from_forged_and_played_back_ones(
    secret: str, hours: int, believed: bool, receiver: WebReceiver
) -> None:
    recipe: dict[str, Any] = {}
    exec(re.findall(r"```python\n(.*?)```", DOCUMENTATION, re.DOTALL)[0], recipe)
    clock = VirtualClock(wall=time.time() - hours * 3600)
    notifier = build("webhook", {"url": f"{receiver.url}/w", "secret": "s3"}, clock=clock)
    await notifier.deliver(telling())
    await notifier.close()
    (request,) = receiver.requests
    assert recipe["is_from_opsbot"](secret.encode(), request.headers, request.body) is believed


async def test_without_a_secret_nothing_claims_to_be_signed(receiver: WebReceiver) -> None:
    await deliver("webhook", {"url": f"{receiver.url}/w"}, telling())
    assert "X-Opsbot-Signature" not in receiver.requests[0].headers


async def test_the_log_holds_one_line_of_json_a_notice(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "alerts.log"
    forged = sample_incident(title='x"}\n{"forged": true}\u2028')
    await deliver("log", {"file_path": str(path)}, telling(incident=forged), telling(RESOLVED, OVER))
    lines = [json.loads(line) for line in path.read_text().split("\n")[:-1]]
    assert [line["kind"] for line in lines] == ["opened", "resolved"]
    assert path.stat().st_mode & 0o777 == 0o600


async def test_the_log_may_be_moved_away_at_any_time(tmp_path: Path) -> None:
    path = tmp_path / "alerts.log"
    notifier = build("log", {"file_path": str(path)})
    await notifier.deliver(telling())
    path.rename(tmp_path / "alerts.log.1")
    await notifier.deliver(telling(number=2))
    assert len(path.read_bytes().splitlines()) == 1


async def test_a_link_a_pipe_and_a_forbidden_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    for path in ("link", "pipe", "file/alerts.log"):
        with pytest.raises(DeliveryError) as caught:
            await deliver("log", {"file_path": str(tmp_path / path)}, telling())
        assert caught.value.place
    assert not (tmp_path / "elsewhere").exists()


async def test_a_full_disk_is_transient_and_leaves_no_half_line(tmp_path: Path) -> None:
    path = tmp_path / "alerts.log"
    notifier = build("log", {"file_path": str(path)})
    await notifier.deliver(telling())
    whole = path.read_bytes()
    with files_no_longer_than(len(whole) + 20), pytest.raises(DeliveryError) as caught:
        await notifier.deliver(telling(number=2))
    assert not caught.value.permanent
    assert path.read_bytes() == whole
    await notifier.deliver(telling(number=2))
    assert len(path.read_bytes().splitlines()) == 2
