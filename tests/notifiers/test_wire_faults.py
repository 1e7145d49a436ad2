"""Receivers that are broken, slow, rude or gone, over real sockets: what each means for the next try."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from opsbot.errors import DeliveryError
from opsbot.notifiers.base import Notifier
from tests.bound import BOUND
from tests.draw.samples import telling
from tests.notifiers.hostile import Talk, drip, mail_script, saying, server
from tests.notifiers.receivers import WebReceiver, mail_receiver, web_receiver
from tests.notifiers.rigs import SECRET, build

OWN = {
    "discord_webhook": "webhook_url",
    "slack": "webhook_url",
    "pagerduty": "base_url",
    "webhook": "url",
}
OVER_HTTP = [*OWN, "apprise"]


def options(kind: str, url: str, timeout: float) -> dict[str, Any]:
    if kind == "apprise":
        return {"urls": [url.replace("http", "json", 1) + f"/{SECRET}"], "timeout_seconds": timeout}
    key = {"routing_key": SECRET} if kind == "pagerduty" else {}
    return {OWN[kind]: url, "timeout_seconds": timeout, **key}


@asynccontextmanager
async def made(kind: str, url: str, timeout: float = BOUND) -> AsyncIterator[Notifier]:
    notifier = build(kind, options(kind, url, timeout))
    try:
        yield notifier
    finally:
        await notifier.close()


async def failed(notifier: Notifier) -> DeliveryError:
    async with asyncio.timeout(BOUND):
        with pytest.raises(DeliveryError) as caught:
            await notifier.deliver(telling())
    assert SECRET not in str(caught.value)
    return caught.value


def verdict(error: DeliveryError) -> str:
    if error.permanent:
        return "place" if error.place else "message"
    return "out" if error.place else "transient"


@pytest.fixture
async def receiver() -> AsyncIterator[WebReceiver]:
    async with web_receiver() as opened:
        opened.usual = '{"id": "4711"}'
        yield opened


# ---------------------------------------------------------------- the web


@pytest.mark.parametrize("kind", OVER_HTTP)
@pytest.mark.parametrize(
    ("status", "meant"),
    [
        (301, "place"), (307, "place"), (400, "message"), (401, "place"), (403, "place"), (404, "place"),
        (405, "place"), (408, "transient"), (410, "place"), (413, "message"), (422, "message"),
        (425, "transient"), (429, "out"), (500, "transient"), (502, "out"), (503, "out"), (504, "out"),
    ],
)  # fmt: skip
async def test_a_status_says_whom_it_refuses(
    kind: str, status: int, meant: str, receiver: WebReceiver
) -> None:
    receiver.plan.append(web.Response(status=status, headers={"Location": f"{receiver.url}/elsewhere"}))
    async with made(kind, receiver.url) as notifier:
        error = await failed(notifier)
        assert verdict(error) == meant
        assert str(status) in str(error)
        assert len(receiver.requests) == 1, "no redirect is followed"
        assert await notifier.deliver(telling())


@pytest.mark.parametrize("kind", OWN)
@pytest.mark.parametrize(
    ("headers", "wish"),
    [
        ({}, None),
        ({"Retry-After": "12"}, 12.0),
        ({"Retry-After": "0.5"}, 0.5),
        ({"Retry-After": "Sun, 06 Nov 2033 08:51:07 GMT", "Date": "Sun, 06 Nov 2033 08:49:37 GMT"}, 90.0),
        ({"Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT"}, 0.0),
        ({"Retry-After": "Mon, 05 Jan 2099 08:00:00 GMT"}, 3600.0),
        ({"Retry-After": "99999999999"}, 3600.0),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "later"}, None),
    ],
    ids=str,
)
async def test_a_pause_is_understood_in_seconds_and_as_a_date(
    kind: str, headers: dict[str, str], wish: float | None, receiver: WebReceiver
) -> None:
    receiver.plan.append(web.Response(status=429, headers=headers))
    async with made(kind, receiver.url) as notifier:
        assert (await failed(notifier)).retry_after == wish


async def endless(receiver: WebReceiver, request: web.Request) -> web.StreamResponse:
    return await receiver.drip(request, b"x" * 65536, 0.0)


@pytest.mark.parametrize("kind", ["slack", "pagerduty", "webhook"])
async def test_an_answer_without_end_is_cut_and_counts_by_its_status(
    kind: str, receiver: WebReceiver
) -> None:
    receiver.plan.append(lambda request: endless(receiver, request))
    async with made(kind, receiver.url) as notifier, asyncio.timeout(BOUND):
        assert await notifier.deliver(telling())
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("kind", OVER_HTTP)
@pytest.mark.parametrize(
    "talk",
    [
        saying(b""),
        saying(b"220 mail.test ESMTP\r\n"),
        saying(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort"),
        saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n"),
        saying(b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 100_000 + b"\r\n\r\n"),
    ],
    ids=["hangs up", "is a mail server", "breaks off", "sends broken chunks", "sends a huge header"],
)
async def test_one_that_does_not_speak_http_is_asked_again_later(kind: str, talk: Talk) -> None:
    async with server(talk) as port, made(kind, f"http://127.0.0.1:{port}") as notifier:
        assert verdict(await failed(notifier)) == "transient"


@pytest.mark.parametrize("kind", OVER_HTTP)
async def test_one_that_drips_is_given_up_in_time(kind: str) -> None:
    async with server(drip) as port, made(kind, f"http://127.0.0.1:{port}", 1.0) as notifier:
        error = await failed(notifier)
        assert verdict(error) == "transient"


@pytest.mark.parametrize("kind", OVER_HTTP)
async def test_one_that_refuses_connections_is_asked_again_later(kind: str) -> None:
    async with web_receiver() as gone:
        url = gone.url
    async with made(kind, url) as notifier:
        assert verdict(await failed(notifier)) == ("transient" if kind == "apprise" else "out")


@pytest.mark.parametrize("kind", OWN)
async def test_a_certificate_that_nobody_vouches_for_is_the_places_trouble(
    kind: str, certificate: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    async with web_receiver(context) as secure, made(kind, secure.url) as notifier:
        error = await failed(notifier)
        assert verdict(error) == "place"
        assert "certificate" in str(error)
        assert not secure.requests


# ---------------------------------------------------------------- mail


def mailer(port: int, timeout: float = BOUND, **more: Any) -> Notifier:
    return build(
        "email",
        {
            "smtp_host": "127.0.0.1",
            "smtp_port": port,
            "from_address": "alerts@summarybot.local",
            "to_addresses": ["admin@example.com", "oncall@example.com"],
            "tls": "never",
            "timeout_seconds": timeout,
            **more,
        },
    )


@pytest.mark.parametrize(
    ("answers", "meant"),
    [
        ({"HI": "421 too many connections"}, "out"),
        ({"HI": "554 not for you"}, "place"),
        ({"HI": ""}, "out"),
        ({"EHLO": "550 who are you", "HELO": "550 who are you"}, "place"),
        ({"MAIL": "550 sender not allowed"}, "place"),
        ({"MAIL": "451 try again"}, "transient"),
        ({"MAIL": "421 closing"}, "out"),
        ({"MAIL": "552 too large"}, "message"),
        ({"RCPT": "451 4.7.1 greylisted"}, "transient"),
        ({"RCPT": "550 no such mailbox"}, "place"),
        ({"RCPT": ""}, "transient"),
        ({"DATA": "451 not now"}, "transient"),
        ({"END": "554 this is spam"}, "message"),
        ({"END": "552 too large"}, "message"),
        ({"END": "451 greylisted"}, "transient"),
        ({"END": ""}, "transient"),
        ({"END": "nonsense"}, "transient"),
    ],
    ids=str,
)
async def test_a_mail_server_says_by_its_code_and_moment_whom_it_refuses(
    answers: dict[str, str], meant: str
) -> None:
    async with server(mail_script(answers)) as port:
        assert verdict(await failed(mailer(port))) == meant


@pytest.mark.parametrize("moment", ["HI", "EHLO", "MAIL", "RCPT", "DATA", "END"])
async def test_a_mail_server_that_falls_silent_is_given_up_in_time(moment: str) -> None:
    async with server(mail_script({moment: "…"})) as port:
        error = await failed(mailer(port, 1.0))
        assert verdict(error) == "transient"
        assert "in time" in str(error)


async def test_a_mail_server_that_drips_is_given_up_in_time() -> None:
    async with server(drip) as port:
        assert verdict(await failed(mailer(port, 1.0))) == "transient"


@pytest.mark.parametrize("goodbye", ["", "500 what?", "…"])
async def test_what_goes_wrong_after_the_mail_was_taken_does_not_repeat_it(
    goodbye: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opsbot.notifiers.email.GOODBYE", 0.1)
    async with server(mail_script({"QUIT": goodbye})) as port:
        assert await mailer(port).deliver(telling())


async def test_a_mail_whose_answer_was_lost_comes_again_under_the_same_id() -> None:
    async with mail_receiver() as mail:
        mail.forgets = 1
        notifier = mailer(mail.port)
        assert verdict(await failed(notifier)) == "transient"
        assert await notifier.deliver(telling())
        first, again = mail.mails
        assert first["Message-ID"] == again["Message-ID"]


async def test_a_server_that_offers_no_login_is_the_places_trouble() -> None:
    async with server(mail_script({})) as port:
        notifier = mailer(port, username="ops", password=SECRET)
        assert verdict(await failed(notifier)) == "place"


async def test_a_mail_server_of_the_web_kind_is_no_traceback() -> None:
    async with server(saying(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
        assert verdict(await failed(mailer(port, 1.0))) == "transient"
