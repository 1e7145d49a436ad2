"""Mail by SMTP, text and HTML; all mails of an incident are one thread. At least once.

A repeated mail has the same Message-ID, so most mailboxes keep one of it.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Mapping
from contextlib import suppress
from email.message import EmailMessage
from typing import TYPE_CHECKING, Annotated, Literal, Self

import structlog
from pydantic import AfterValidator, Field, SecretStr, model_validator

from opsbot.clock import Clock
from opsbot.domain.notice import Receipt, Telling
from opsbot.notifiers._mail import compose
from opsbot.notifiers._mail_errors import failure
from opsbot.notifiers._news import is_news, receipt
from opsbot.notifiers._options import Timeout, require
from opsbot.notifiers.base import Notifier, NotifierContext, NotifierOptions
from opsbot.text import one_line

if TYPE_CHECKING:
    from aiosmtplib import SMTP

IMPLICIT_TLS_PORT = 465
"""Where mail servers speak TLS from the first byte (RFC 8314)."""

GOODBYE = 2.0
"""Seconds for the end of a connection whose mail has been taken."""

log = structlog.get_logger("opsbot.notifiers.email")

_ADDRESS = re.compile(r"[^\s@<>(),:;\"\[\]\\]+@[^\s@<>(),;\"\[\]\\]+")


def _mail_address(text: str) -> str:
    if text and not (_ADDRESS.fullmatch(text) and text.isprintable()):
        raise ValueError("must be a mail address such as ops@example.com")
    return text


MailAddress = Annotated[str, AfterValidator(_mail_address)]


class Options(NotifierOptions):
    """`tls`: `required` sends nothing before STARTTLS (port 465: TLS from the first byte), `implicit` speaks
    TLS from the first byte on any port, `auto` encrypts when the server offers it, `never` does not try.
    With a password, `auto` means `required`. `ca_file`: certificate of a private authority, PEM."""

    max_per_minute: float = Field(default=10, ge=0)
    smtp_host: str = ""
    smtp_port: int = Field(default=587, gt=0, lt=65536)
    from_address: MailAddress = ""
    to_addresses: tuple[MailAddress, ...] = ()
    username: str = ""
    password: SecretStr = SecretStr("")
    tls: Literal["required", "implicit", "auto", "never"] = "required"
    ca_file: str = ""
    timeout_seconds: Timeout = 20

    @model_validator(mode="after")
    def _complete(self) -> Self:
        require(self, smtp_host=self.smtp_host, from_address=self.from_address)
        require(self, to_addresses=" ".join(self.to_addresses))
        if self.username:
            require(self, password=self.password)
        return self


def build(options: Options, context: NotifierContext) -> Notifier:
    """Opens nothing yet."""
    return EmailNotifier(options, context.name, context.clock)


class EmailNotifier:
    """One connection a mail. A receipt's place is what was told last."""

    def __init__(self, options: Options, name: str, clock: Clock) -> None:
        self._options = options
        self._name = name
        self._clock = clock
        self._refused: frozenset[str] = frozenset()
        self._trust: ssl.SSLContext | None = None
        self._reading = asyncio.Lock()

    async def deliver(self, telling: Telling) -> Receipt:
        """See `Notifier.deliver`. A mail that was refused for some of its readers counts as delivered: the
        others would get it again with every try. Who was refused is said in the log when it changes."""
        if is_news(telling):
            options, now = self._options, self._clock.now()
            mail = compose(telling, options.from_address, options.to_addresses, now)
            await self._send(mail)
        return receipt(self._name, telling.incident)

    async def close(self) -> None:
        """Nothing is held."""

    async def _send(self, mail: EmailMessage) -> None:
        """Over a connection of its own. Once the mail is taken, no trouble with it repeats the mail."""
        from aiosmtplib import SMTPException  # here, not above: what is not configured costs nothing

        host, seconds = self._options.smtp_host, self._options.timeout_seconds
        line: SMTP | None = None
        try:
            async with asyncio.timeout(seconds):
                line = await self._line()
                await line.connect()
                refused, _ = await line.send_message(mail)
            self._say(refused)
            with suppress(SMTPException, OSError, TimeoutError):
                await line.quit(timeout=GOODBYE)
        except (SMTPException, OSError, TimeoutError, ValueError) as error:
            raise failure(host, error) from None
        finally:
            if line is not None:
                line.close()

    async def _line(self) -> SMTP:
        from aiosmtplib import SMTP

        options = self._options
        implicit = options.tls == "implicit" or (
            options.smtp_port == IMPLICIT_TLS_PORT and options.tls != "never"
        )
        return SMTP(
            hostname=options.smtp_host,
            port=options.smtp_port,
            username=options.username or None,
            password=options.password.get_secret_value() or None,
            use_tls=implicit,
            start_tls=False if implicit else self._start_tls(),
            tls_context=None if options.tls == "never" else await self._context(),
            timeout=options.timeout_seconds,
        )

    def _say(self, refused: Mapping[str, object]) -> None:
        if (readers := frozenset(refused)) != self._refused:
            self._refused = readers
            for reader, answer in refused.items():
                log.warning(
                    "a reader's mail is refused",
                    notifier=self._name,
                    reader=reader,
                    answer=one_line(str(answer), 160),
                )

    def _start_tls(self) -> bool | None:
        """None: when the server offers it. A password never goes over an open line without being told to."""
        if self._options.tls == "auto":
            return True if self._options.username else None
        return self._options.tls == "required"

    async def _context(self) -> ssl.SSLContext:
        """Made once, in a thread: it reads all certificates of the system."""
        async with self._reading:
            if self._trust is None:
                ca_file = self._options.ca_file or None
                self._trust = await asyncio.to_thread(ssl.create_default_context, cafile=ca_file)
            return self._trust
