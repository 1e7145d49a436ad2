"""Receivers on loopback that answer as told: a web server and a mail server, both in this event loop."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as mail_policy
from enum import Enum
from typing import Any

from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class Fault(Enum):
    """What a receiver does to one delivery."""

    BUSY = "asks to come back later"
    BROKEN = "has an error of its own"
    RESET = "breaks the connection"
    HANG = "never answers"
    DRIP = "answers with a byte each 200 ms"
    REFUSED = "refuses what this message holds"
    GONE = "says it is gone for good"


TRANSIENT = (Fault.BUSY, Fault.BROKEN, Fault.RESET, Fault.HANG, Fault.DRIP)
SLOW = (Fault.HANG, Fault.DRIP)

STATUS = {Fault.GONE: 404, Fault.REFUSED: 400, Fault.DRIP: 200}


Behaviour = Callable[[web.Request], Awaitable[web.StreamResponse]]
"""What a test thinks of by itself."""


@dataclass(frozen=True, slots=True)
class Request:
    """What arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class WebReceiver:
    """Answers each request with the next of `plan`, then with `usual`."""

    url: str = ""
    requests: list[Request] = field(default_factory=list)
    plan: deque[Fault | web.Response | Behaviour] = field(default_factory=deque)
    usual: str = "ok"
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        step = self.plan.popleft() if self.plan else None
        if isinstance(step, Fault):
            return await self._misbehave(step, request)
        seen = Request(request.method, request.path, dict(request.query), dict(request.headers), body)
        self.requests.append(seen)
        if step is None or isinstance(step, web.Response):
            return step or web.Response(text=self.usual)
        return await step(request)

    async def _misbehave(self, fault: Fault, request: web.Request) -> web.StreamResponse:
        if fault is Fault.HANG:
            await self.released.wait()
        if fault is Fault.RESET and request.transport:
            request.transport.abort()
        if fault is Fault.BUSY:
            return web.Response(status=429, headers={"Retry-After": "7"}, text="slow down")
        if fault is Fault.DRIP:
            return await self.drip(request, b"n", 0.2)
        return web.Response(status=STATUS.get(fault, 503), text="no")

    async def drip(self, request: web.Request, piece: bytes, seconds: float) -> web.StreamResponse:
        """Sends `piece` every `seconds`, until the other side has had enough or the test is over."""
        response = web.StreamResponse()
        await response.prepare(request)
        with suppress(OSError):
            while not self.released.is_set():
                await response.write(piece)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.released.wait(), seconds)
        return response


@asynccontextmanager
async def web_receiver(tls: ssl.SSLContext | None = None) -> AsyncIterator[WebReceiver]:
    receiver = WebReceiver()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", receiver.handle)
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        receiver.url = f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
        yield receiver
    finally:
        receiver.released.set()
        await runner.cleanup()


@dataclass(slots=True)
class MailReceiver:
    """An aiosmtpd handler. `encrypted`: whether each mail came over TLS; `logins`: who logged in; `forgets`:
    that many mails are taken, and the connection breaks before that is said."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    readers: list[list[str]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    plan: deque[Fault] = field(default_factory=deque)
    refuse: dict[str, str] = field(default_factory=dict)
    forgets: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        if self.plan and self.plan[0] in (Fault.BUSY, Fault.GONE):
            busy = self.plan.popleft() is Fault.BUSY
            return "451 4.7.1 greylisted, come back later" if busy else "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        step = self.plan.popleft() if self.plan else None
        if step is Fault.HANG:
            await self.released.wait()
        if step is Fault.RESET:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        if step is Fault.REFUSED:
            return "554 this looks like spam"
        if step is not None:
            return "452 out of space"
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=mail_policy)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.readers.append(list(envelope.rcpt_tos))
        self.encrypted.append(session.ssl is not None)
        if self.forgets:
            self.forgets -= 1
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        return "250 OK"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        self.logins.append(data.login.decode())
        return AuthResult(success=data.password == b"right", handled=False)


@asynccontextmanager
async def mail_receiver(
    tls: ssl.SSLContext | None = None, *, login: bool = False
) -> AsyncIterator[MailReceiver]:
    receiver = MailReceiver()
    loop = asyncio.get_running_loop()

    def session() -> SMTP:
        return SMTP(
            receiver,
            hostname="mail.test",
            tls_context=tls,
            loop=loop,
            enable_SMTPUTF8=True,
            authenticator=receiver.authenticate if login else None,
            auth_required=login,
        )

    server = await loop.create_server(session, "127.0.0.1", 0)
    try:
        receiver.port = server.sockets[0].getsockname()[1]
        yield receiver
    finally:
        receiver.released.set()
        server.close()
        await server.wait_closed()
