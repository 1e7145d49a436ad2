"""A channel's webhook, over the wire."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from opsbot.domain.levels import IncidentState
from opsbot.domain.notice import NoticeKind, Receipt
from opsbot.errors import DeliveryError
from opsbot.notifiers.base import Notifier
from tests.draw.samples import sample_incident, telling
from tests.notifiers.receivers import WebReceiver, web_receiver
from tests.notifiers.rigs import answer, build

PLACE = Receipt("ops", 12, "4711")


@pytest.fixture
async def receiver() -> AsyncIterator[WebReceiver]:
    async with web_receiver() as made:
        made.usual = '{"id": "4711"}'
        yield made


@pytest.fixture
async def notifier(receiver: WebReceiver) -> AsyncIterator[Notifier]:
    made = build("discord_webhook", {"webhook_url": f"{receiver.url}/api/webhooks/1/tok?thread_id=9"})
    yield made
    await made.close()


async def test_a_new_incident_is_posted_without_buttons_and_pings_nobody(
    notifier: Notifier, receiver: WebReceiver
) -> None:
    incident = sample_incident(title="@everyone <@&5> down")
    assert await notifier.deliver(telling(incident=incident)) == PLACE
    request = receiver.requests[0]
    assert (request.method, request.path) == ("POST", "/api/webhooks/1/tok")
    assert request.query == {"thread_id": "9", "wait": "true"}
    assert request.data["allowed_mentions"] == {"parse": [], "roles": []}
    assert request.data["components"] == []
    assert "nonce" not in request.data
    assert "@everyone" not in request.body.decode()


async def test_a_change_edits_the_message(notifier: Notifier, receiver: WebReceiver) -> None:
    assert await notifier.deliver(telling(NoticeKind.CHANGED, IncidentState.ACKNOWLEDGED, PLACE)) == PLACE
    request = receiver.requests[0]
    assert (request.method, request.path) == ("PATCH", "/api/webhooks/1/tok/messages/4711")
    assert request.query == {"thread_id": "9"}
    assert "content" not in request.data


async def test_recovery_edits_and_says_so_silently(notifier: Notifier, receiver: WebReceiver) -> None:
    await notifier.deliver(telling(NoticeKind.RESOLVED, IncidentState.RESOLVED, PLACE))
    edit, post = receiver.requests
    assert (edit.method, post.method) == ("PATCH", "POST")
    assert post.data["flags"] == 1 << 12
    assert "Resolved" in post.data["content"]


@pytest.mark.parametrize("code", [10008, 30046, 50083])
async def test_a_message_that_cannot_be_edited_any_more_is_posted_anew(
    code: int, notifier: Notifier, receiver: WebReceiver
) -> None:
    receiver.plan.append(answer(404, f'{{"code": {code}, "message": "no"}}'))
    await notifier.deliver(telling(NoticeKind.CHANGED, receipt=PLACE))
    assert [request.method for request in receiver.requests] == ["PATCH", "POST"]


@pytest.mark.parametrize("kind", [NoticeKind.OPENED, NoticeKind.CHANGED])
async def test_a_deleted_webhook_is_never_used_again_and_the_remedy_is_named(
    kind: NoticeKind, notifier: Notifier, receiver: WebReceiver
) -> None:
    receiver.plan.append(answer(404, '{"code": 10015, "message": "Unknown Webhook"}'))
    with pytest.raises(DeliveryError, match=r"Unknown Webhook.*webhook_url") as caught:
        await notifier.deliver(telling(kind, receipt=PLACE))
    assert caught.value.gone


@pytest.mark.parametrize(
    ("status", "body", "place"),
    [
        (401, '{"code": 50027, "message": "Invalid Webhook Token"}', True),
        (403, '{"code": 50013, "message": "Missing Permissions"}', True),
        (404, "", True),
        (400, '{"code": 220001, "message": "a thread is wanted"}', True),
        (400, '{"code": 50035, "message": "Invalid Form Body"}', False),
    ],
)
async def test_a_refusal_says_whether_the_next_message_has_a_chance(
    status: int, body: str, place: bool, notifier: Notifier, receiver: WebReceiver
) -> None:
    receiver.plan.append(answer(status, body))
    with pytest.raises(DeliveryError) as caught:
        await notifier.deliver(telling())
    assert (caught.value.permanent, caught.value.place, caught.value.gone) == (True, place, False)


async def test_escalation_is_a_new_message_and_the_old_one_points_to_it(
    notifier: Notifier, receiver: WebReceiver
) -> None:
    receiver.plan.append(answer(200, '{"id": "4712"}'))
    await notifier.deliver(telling(NoticeKind.ESCALATED, receipt=PLACE))
    post, edit = receiver.requests
    assert (post.method, edit.method, edit.path[-5:]) == ("POST", "PATCH", "/4711")
    assert "newer message" in edit.body.decode()


async def test_what_happens_after_the_end_is_no_second_end(notifier: Notifier, receiver: WebReceiver) -> None:
    await notifier.deliver(telling(NoticeKind.CHANGED, IncidentState.RESOLVED, PLACE))
    assert [request.method for request in receiver.requests] == ["PATCH"]


async def test_discords_own_wish_in_the_body_is_heard(notifier: Notifier, receiver: WebReceiver) -> None:
    receiver.plan.append(answer(429, '{"message": "You are being rate limited.", "retry_after": 0.35}'))
    with pytest.raises(DeliveryError) as caught:
        await notifier.deliver(telling())
    assert caught.value.retry_after == 0.35


@pytest.mark.parametrize("body", ["", "[]", '{"id": []}', "{", '{"retry_after": "soon"}', "[" * 50_000])
async def test_an_answer_that_is_not_discords_is_refused_and_breaks_nothing(
    body: str, notifier: Notifier, receiver: WebReceiver
) -> None:
    receiver.plan.append(answer(200, body))
    with pytest.raises(DeliveryError, match="not Discord's"):
        await notifier.deliver(telling())


async def test_a_redirect_is_not_followed(notifier: Notifier, receiver: WebReceiver) -> None:
    moved = answer(302, "")
    moved.headers["Location"] = f"{receiver.url}/elsewhere"
    receiver.plan.append(moved)
    with pytest.raises(DeliveryError) as caught:
        await notifier.deliver(telling())
    assert caught.value.place
    assert len(receiver.requests) == 1


async def test_nobody_listening_is_worth_another_try() -> None:
    async with web_receiver() as gone:
        url = f"{gone.url}/hook-secret"
    notifier = build("discord_webhook", {"webhook_url": url})
    with pytest.raises(DeliveryError) as caught:
        await notifier.deliver(telling())
    assert not caught.value.permanent
    assert "hook-secret" not in str(caught.value)
    await notifier.close()
