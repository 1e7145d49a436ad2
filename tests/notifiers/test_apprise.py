"""A hundred other services, through apprise: one of them, its JSON over HTTP, stands for all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from pydantic import ValidationError

from opsbot.domain.levels import IncidentState
from opsbot.domain.notice import NoticeKind
from opsbot.errors import DeliveryError
from opsbot.notifiers._apprise import WORKERS, message
from opsbot.notifiers.apprise import Options
from tests.bound import BOUND
from tests.draw.samples import sample_incident, telling
from tests.notifiers.receivers import Fault, WebReceiver, web_receiver
from tests.notifiers.rigs import build

NTFY = "ntfy://ntfy.test/s3cret"


@pytest.fixture
async def receiver() -> AsyncIterator[WebReceiver]:
    async with web_receiver() as made:
        yield made


def urls(receiver: WebReceiver, *paths: str) -> list[str]:
    return [f"{receiver.url.replace('http', 'json', 1)}/{path}" for path in paths]


async def test_states_are_told_and_not_every_line(receiver: WebReceiver) -> None:
    notifier = build("apprise", {"urls": urls(receiver, "a")})
    receipt = await notifier.deliver(telling())
    receipt = await notifier.deliver(telling(NoticeKind.CHANGED, receipt=receipt, number=2))
    over = telling(NoticeKind.RESOLVED, IncidentState.RESOLVED, receipt, number=3)
    await notifier.deliver(over)
    first, last = (request.data for request in receiver.requests)
    assert first["title"] == "P1 summarybot: Bot process is not running"
    assert "opsbot: Restarting it now" in first["message"]
    assert (first["type"], last["type"]) == ("failure", "success")


async def test_every_url_is_told_and_none_twice_because_another_failed(receiver: WebReceiver) -> None:
    notifier = build("apprise", {"urls": urls(receiver, "a", "b")})
    receiver.plan.append(Fault.BROKEN)
    with pytest.raises(DeliveryError) as caught:
        await notifier.deliver(telling())
    assert not caught.value.permanent
    assert len(receiver.requests) == 1
    await notifier.deliver(telling())
    assert sorted(request.path for request in receiver.requests) == ["/a", "/b"]


async def test_one_that_hangs_holds_up_only_those_who_wait_for_it(receiver: WebReceiver) -> None:
    notifier = build("apprise", {"urls": urls(receiver, "a"), "timeout_seconds": 0.5})
    receiver.plan.extend([Fault.DRIP] * WORKERS)
    for number in range(WORKERS):
        with pytest.raises(DeliveryError, match="in time"):
            await notifier.deliver(telling(number=number))
    receiver.released.set()
    async with asyncio.timeout(BOUND):
        while not receiver.requests:
            try:
                await notifier.deliver(telling(number=99))
            except DeliveryError:
                continue


async def test_no_text_pings_links_or_formats() -> None:
    text = message(
        telling(incident=sample_incident(title="@everyone <!channel> <b>x [a](http://b) @here @all"))
    )
    for alive in ("@everyone", "<!channel>", "<b>", "](", "@here", "@all"):
        assert alive not in text.body + text.title
    assert "everyone" in text.body


async def test_a_redirect_is_not_followed(receiver: WebReceiver) -> None:
    receiver.plan.append(web.Response(status=307, headers={"Location": f"{receiver.url}/elsewhere"}))
    with pytest.raises(DeliveryError) as caught:
        await build("apprise", {"urls": urls(receiver, "a")}).deliver(telling())
    assert caught.value.place
    assert len(receiver.requests) == 1


async def test_a_url_that_apprise_does_not_know_is_named_by_its_number_alone() -> None:
    with pytest.raises(DeliveryError, match="URL 1 is none that apprise understands") as caught:
        await build("apprise", {"urls": ["nosuch://s3cret"]}).deliver(telling())
    assert caught.value.place
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "discord://1/s3cret",
        "DISCORD://1/s3cret",
        "https://discord.com/api/webhooks/1/s3cret",
        "https://ptb.discordapp.com/api/webhooks/1/s3cret",
        "https://discord.com./api/webhooks/1/s3cret",
    ],
)
def test_discord_is_refused_with_what_to_use_instead(url: str) -> None:
    with pytest.raises(ValidationError, match="discord_webhook") as caught:
        Options.model_validate({"urls": [url]})
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("url", ["s3cret", "", "ntfy://a b", "ntfy://x\n", "ntfy://[s3cret"])
def test_what_is_no_url_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(ValidationError, match="as apprise writes them") as caught:
        Options.model_validate({"urls": [url]})
    assert "s3cret" not in str(caught.value)


def test_without_the_extra_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opsbot.notifiers.apprise.find_spec", lambda _: None)
    with pytest.raises(ValidationError, match=r"pip install 'opsbot\[apprise\]'"):
        Options.model_validate({"urls": [NTFY]})
    Options.model_validate({"enabled": False, "urls": [NTFY]})


def test_its_urls_are_secrets() -> None:
    options = Options.model_validate({"urls": [NTFY]})
    assert "s3cret" not in repr(options) + options.model_dump_json()
