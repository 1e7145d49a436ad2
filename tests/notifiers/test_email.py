"""Mail, to a real mail server on loopback."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from structlog.testing import capture_logs

from opsbot.domain.incident import Incident
from opsbot.domain.levels import IncidentState
from opsbot.domain.moment import Moment
from opsbot.domain.notice import NoticeKind, Receipt
from opsbot.errors import DeliveryError
from opsbot.notifiers._mail import compose
from opsbot.notifiers.base import Notifier
from opsbot.notifiers.email import Options
from tests.draw.samples import incidents, patient, sample_incident, telling
from tests.notifiers.receivers import MailReceiver, mail_receiver
from tests.notifiers.rigs import build

TOLD = Receipt("ops", 12, "open P1")
NOW = Moment(5000.0, 1_767_629_440.0)
READERS = ["admin@example.com", "oncall@example.com"]


def options(mail: MailReceiver, **more: Any) -> dict[str, Any]:
    return {
        "smtp_host": "127.0.0.1",
        "smtp_port": mail.port,
        "from_address": "alerts@summarybot.local",
        "to_addresses": READERS,
        "tls": "never",
        **more,
    }


@pytest.fixture
async def mail() -> AsyncIterator[MailReceiver]:
    async with mail_receiver() as made:
        yield made


@pytest.fixture
def notifier(mail: MailReceiver) -> Notifier:
    return build("email", options(mail))


@asynccontextmanager
async def secure(certificate: Path, *, login: bool = False) -> AsyncIterator[MailReceiver]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    async with mail_receiver(context, login=login) as made:
        yield made


async def test_a_mail_reads_well_in_both_its_forms(mail: MailReceiver, notifier: Notifier) -> None:
    await notifier.deliver(telling(incident=sample_incident(title="<b>CPU</b> & memory")))
    got = mail.mails[0]
    assert got["Subject"] == "[opsbot #12] P1 summarybot: <b>CPU</b> & memory"
    assert got["From"] == "alerts@summarybot.local"
    assert got["Auto-Submitted"] == "auto-generated"
    assert mail.readers == [READERS]
    text, html = got.get_body(("plain",)), got.get_body(("html",))
    assert text
    assert html
    assert "Problem:        <b>CPU</b> & memory" in text.get_content()
    assert "&lt;b&gt;CPU&lt;/b&gt; &amp; memory" in html.get_content()


async def test_all_mails_of_an_incident_are_one_thread(mail: MailReceiver, notifier: Notifier) -> None:
    await notifier.deliver(telling())
    await notifier.deliver(telling(NoticeKind.RESOLVED, IncidentState.RESOLVED, TOLD, number=2))
    first, last = mail.mails
    assert first["Message-ID"] == "<opsbot-12-1767625440@summarybot.local>"
    assert last["In-Reply-To"] == last["References"] == first["Message-ID"]
    assert last["Message-ID"] != first["Message-ID"]


async def test_a_repeated_mail_has_the_same_message_id(mail: MailReceiver, notifier: Notifier) -> None:
    await notifier.deliver(telling())
    await notifier.deliver(telling())
    assert mail.mails[0]["Message-ID"] == mail.mails[1]["Message-ID"]


async def test_a_line_of_the_timeline_is_no_mail(mail: MailReceiver, notifier: Notifier) -> None:
    assert await notifier.deliver(telling(NoticeKind.CHANGED, receipt=TOLD)) == TOLD
    assert not mail.mails


@pytest.mark.parametrize(
    "title", ["x\r\nBcc: evil@example.com", "x\nSubject: y\n\nbody", "x\u2028Bcc: a@b.c", "\x00\x85z"]
)
async def test_no_text_can_add_a_header(title: str, mail: MailReceiver, notifier: Notifier) -> None:
    await notifier.deliver(telling(incident=replace(sample_incident(title=title), target=title)))
    got = mail.mails[0]
    assert got["Bcc"] is None
    assert len(got.get_all("Subject") or []) == 1
    assert mail.readers == [READERS]


@patient
@given(incidents(), st.sampled_from(NoticeKind))
def test_any_incident_makes_a_mail_that_can_be_sent(incident: Incident, kind: NoticeKind) -> None:
    made = compose(telling(kind, incident=incident), "a@b.c", ("d@e.f",), NOW)
    assert made.as_bytes()
    assert "\n" not in made["Subject"]


@pytest.mark.parametrize("address", ["a@b.c\r\nBcc: x@y.z", "nobody", "a b@c.d", "A <a@b.c>", "a@b.c,d@e.f"])
def test_an_address_that_is_none_is_refused_at_load(address: str) -> None:
    with pytest.raises(ValidationError, match=r"ops@example\.com"):
        Options(smtp_host="m", from_address="a@b.c", to_addresses=(address,))


async def test_the_line_is_encrypted_when_the_server_offers_it(certificate: Path) -> None:
    async with secure(certificate) as mail:
        await build("email", options(mail, tls="auto", ca_file=str(certificate))).deliver(telling())
        assert mail.encrypted == [True]


async def test_a_certificate_of_an_unknown_authority_is_given_up_with_the_remedy(certificate: Path) -> None:
    async with secure(certificate) as mail:
        with pytest.raises(DeliveryError, match="ca_file") as caught:
            await build("email", options(mail, tls="required")).deliver(telling())
        assert caught.value.place
        assert not mail.mails


async def test_a_missing_ca_file_is_named(certificate: Path, tmp_path: Path) -> None:
    async with secure(certificate) as mail:
        lost = {"tls": "required", "ca_file": str(tmp_path / "none.pem")}
        with pytest.raises(DeliveryError, match="does not exist"):
            await build("email", options(mail, **lost)).deliver(telling())


async def test_somebody_logs_in(certificate: Path) -> None:
    async with secure(certificate, login=True) as mail:
        who = {"username": "ops", "password": "right", "tls": "required", "ca_file": str(certificate)}
        await build("email", options(mail, **who)).deliver(telling())
        assert mail.logins == ["ops"]
        assert mail.encrypted == [True]


async def test_a_wrong_password_is_given_up_and_not_said(certificate: Path) -> None:
    async with secure(certificate, login=True) as mail:
        who = {"username": "ops", "password": "wr0ng-secret", "tls": "auto", "ca_file": str(certificate)}
        with pytest.raises(DeliveryError, match="535") as caught:
            await build("email", options(mail, **who)).deliver(telling())
        assert caught.value.place
        assert "wr0ng-secret" not in str(caught.value)


@pytest.mark.parametrize(
    "more",
    [
        {"tls": "required"},
        {"tls": Options(enabled=False).tls},
        {"tls": "auto", "username": "ops", "password": "right"},
    ],
    ids=["required", "as by default", "with a password"],
)
async def test_what_needs_encryption_is_not_sent_in_the_open(
    more: dict[str, Any], mail: MailReceiver
) -> None:
    with pytest.raises(DeliveryError, match="tls: auto") as caught:
        await build("email", options(mail, **more)).deliver(telling())
    assert caught.value.place
    assert not mail.mails
    assert not mail.logins


async def test_one_refused_reader_does_not_cost_the_others_their_mail(
    mail: MailReceiver, notifier: Notifier
) -> None:
    mail.refuse["admin@example.com"] = "550 no such mailbox"
    with capture_logs() as said:
        receipt = await notifier.deliver(telling())
        await notifier.deliver(telling(NoticeKind.RESOLVED, IncidentState.RESOLVED, receipt, number=2))
    assert mail.readers == [["oncall@example.com"], ["oncall@example.com"]]
    assert [(line["reader"], "no such mailbox" in line["answer"]) for line in said] == [(READERS[0], True)]


async def test_some_greylisting_among_refusals_is_worth_another_try(
    mail: MailReceiver, notifier: Notifier
) -> None:
    mail.refuse = {READERS[0]: "550 no such mailbox", READERS[1]: "451 come back later"}
    with pytest.raises(DeliveryError) as caught:
        await notifier.deliver(telling())
    assert not caught.value.permanent


async def test_nobody_listening_is_worth_another_try() -> None:
    async with mail_receiver() as gone:
        late = build("email", options(gone))
    with pytest.raises(DeliveryError) as caught:
        await late.deliver(telling())
    assert not caught.value.permanent
    assert str(caught.value) == "127.0.0.1: no connection (Connection refused)"
