"""Any of the some hundred services that apprise knows (https://github.com/caronc/apprise), each by a URL.

Extra: `pip install 'opsbot[apprise]'`. Only news is sent. At least once: most of these services know no key
by which they would see a repeat. Never to Discord: apprise lifts @everyone out of a text so that it pings.
"""

from __future__ import annotations

import asyncio
import re
from importlib.util import find_spec
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr, model_validator

from opsbot.domain.notice import Receipt, Telling
from opsbot.errors import DeliveryError
from opsbot.notifiers._apprise import MISSING, Threads, message, notify
from opsbot.notifiers._news import is_news, receipt
from opsbot.notifiers._options import Timeout, require
from opsbot.notifiers.base import Notifier, NotifierContext, NotifierOptions

DISCORD = (
    "apprise would lift @everyone out of a text so that it pings: use `type: discord_webhook` for a webhook "
    "of Discord, or the section `discord`"
)
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://\S+")
_DISCORDS_HOST = re.compile(r"(^|\.)discord(app)?\.com$")
_REMEMBERED = 1000


def is_discords(url: str) -> bool:
    """Whether apprise would take it to Discord: its own form of such a URL, or the webhook's address."""
    parts = urlsplit(url)
    return parts.scheme == "discord" or bool(_DISCORDS_HOST.search((parts.hostname or "").rstrip(".")))


def _service_url(secret: SecretStr) -> SecretStr:
    url = secret.get_secret_value()
    try:
        discords = is_discords(url)
    except ValueError:
        url, discords = "", False
    if not _SCHEME.fullmatch(url):
        raise ValueError("must be a URL as apprise writes them, such as ntfy://ntfy.sh/my-topic")
    if discords:
        raise ValueError(DISCORD)
    return secret


class Options(NotifierOptions):
    """`urls`: where to, as apprise writes them (https://github.com/caronc/apprise/wiki)."""

    urls: tuple[Annotated[SecretStr, AfterValidator(_service_url)], ...] = ()
    timeout_seconds: Timeout = 20

    @model_validator(mode="after")
    def _complete(self) -> Self:
        require(self, urls=" ".join("set" for _ in self.urls))
        if self.enabled and find_spec("apprise") is None:
            raise ValueError(MISSING)
        return self


def build(options: Options, context: NotifierContext) -> Notifier:
    """Opens nothing yet."""
    return AppriseNotifier(options, context.name)


class AppriseNotifier:
    """A receipt's place is what was told last."""

    def __init__(self, options: Options, name: str) -> None:
        self._urls = tuple(url.get_secret_value() for url in options.urls)
        self._name = name
        self._threads = Threads(options.timeout_seconds)
        self._seconds = options.timeout_seconds
        self._told: dict[tuple[int, int], set[int]] = {}  # row and version → URLs that took it

    async def deliver(self, telling: Telling) -> Receipt:
        """See `Notifier.deliver`. A URL that took it is not told again because another one failed."""
        if is_news(telling):
            key = (telling.notice.id, telling.incident.version)
            told = self._told.setdefault(key, set())
            if len(self._told) > _REMEMBERED:
                del self._told[next(iter(self._told))]
            left = [number for number in range(len(self._urls)) if number not in told]
            ends = await asyncio.gather(*(self._tell(number, telling, told) for number in left))
            failed = [error for error in ends if error is not None]
            if failed:
                raise min(failed, key=lambda error: (error.permanent, error.place))
            self._told.pop(key, None)
        return receipt(self._name, telling.incident)

    async def close(self) -> None:
        """Nothing is held; a thread that hangs ends with the process."""

    async def _tell(self, number: int, telling: Telling, told: set[int]) -> DeliveryError | None:
        text, url = message(telling), self._urls[number]
        try:
            await self._threads.run(lambda: notify(url, f"URL {number + 1}", text, self._seconds))
        except DeliveryError as error:
            return error
        told.add(number)
        return None
