"""One message through apprise: its text, the thread it is sent in, and what a failure means.

The only module that imports apprise. Its plugins block, so they run in threads; their errors are lines of a
log, from which the HTTP status is read.
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from opsbot.domain.levels import IncidentState, Priority
from opsbot.domain.notice import Telling
from opsbot.draw.summary import facts, headline, timeline
from opsbot.errors import DeliveryError
from opsbot.text import Place, clamp, safe_text

MISSING = "needs the Python package apprise: `pip install 'opsbot[apprise]'`"

TITLE, BODY, LINE = 200, 3000, 700
"""Characters. Services that take less get the beginning."""

WORKERS = 4
"""Threads at once; one that hangs keeps its place."""

_ALIVE = re.compile(r"[@<](?=\S)|\](?=\()")  # what some service reads as a mention or as a link
_STATUS = re.compile(r"error=(\d{3})\b")
_OF_THE_MESSAGE = (400, 413, 422)
_AGAIN = (408, 425, 429)
_OUT = (429, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class Text:
    """`kind`: one of apprise's `NotifyType`, which decides the colour."""

    title: str
    body: str
    kind: str


def message(telling: Telling) -> Text:
    """Plain words in which nothing pings, links or formats, whatever the service reads in a text."""
    incident = telling.incident
    lines = [f"{name}: {value}" for name, value in facts(incident, telling.late)] + timeline(incident)
    body = clamp("\n".join(_dead(line, LINE) for line in lines), BODY)
    if incident.state is not IncidentState.OPEN:
        kind = "info" if incident.live else "success"
    else:
        kind = "failure" if incident.priority.rank <= Priority.P2.rank else "warning"
    return Text(_dead(headline(incident, TITLE), TITLE), body, kind)


def _dead(text: str, limit: int) -> str:
    return clamp(_ALIVE.sub("\\g<0>\u200b", safe_text(text, limit, Place.PLAIN)), limit)


def notify(url: str, name: str, text: Text, seconds: float) -> None:
    """Sends it, blocking. `name`: what the URL is called in errors, for it is a secret.

    Raises:
        DeliveryError: not sent. 400, 413 and 422 refuse the message, a redirect and other 4xx the place; the
            rest, and what apprise says no status of, is transient.
    """
    try:
        import apprise
    except ImportError:
        raise DeliveryError(MISSING, permanent=True, place=True) from None
    _STATUSES.attach()
    asset = apprise.AppriseAsset(  # no timeout of its own, or it would leave this thread
        app_id="opsbot", app_desc="opsbot", async_mode=False, secure_logging=True, service_timeout=0
    )
    service: Any = apprise.Apprise.instantiate(url, asset=asset)
    if service is None:
        raise DeliveryError(f"{name} is none that apprise understands", permanent=True, place=True)
    if type(service).__module__.endswith(".discord"):  # by a way that the options did not know
        raise DeliveryError(f"{name} leads to Discord: use `discord_webhook`", permanent=True, place=True)
    service.redirects = False
    service.socket_connect_timeout = service.socket_read_timeout = seconds
    if "overflow=" not in url:
        service.overflow_mode = apprise.OverflowMode.TRUNCATE
    sender = apprise.Apprise(asset=asset)
    sender.add(service)
    _STATUSES.seen.status = 0
    if not sender.notify(text.body, text.title, apprise.NotifyType(text.kind), apprise.NotifyFormat.TEXT):
        raise _failure(f"{name} ({service.service_name})", _STATUSES.seen.status)


def _failure(name: str, status: int) -> DeliveryError:
    said = f"{name} answered {status}" if status else f"{name} was not reached, or refused the message"
    refused = 300 <= status < 500 and status not in _AGAIN
    place = refused and status not in _OF_THE_MESSAGE
    return DeliveryError(said, permanent=refused, place=place or status in _OUT)


class _Statuses(logging.Handler):
    """Reads the HTTP status out of apprise's warnings, for each thread its own; they go nowhere else, since
    they may name the address."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.seen = threading.local()

    def attach(self) -> None:
        """Takes apprise's log, once."""
        log = logging.getLogger("apprise")
        log.propagate = False
        log.setLevel(logging.WARNING)
        log.addHandler(self)  # twice is once

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler.emit`."""
        if found := _STATUS.search(record.getMessage()):
            self.seen.status = int(found[1])


_STATUSES = _Statuses()


class Threads:
    """Runs what blocks, each within `seconds`, in threads that no exit waits for."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._free = asyncio.Semaphore(WORKERS)

    async def run(self, work: Callable[[], None]) -> None:
        """Raises:
        DeliveryError: `work`'s own; no answer in time; `work` broke.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()

        def ended(error: Exception | None) -> None:
            self._free.release()
            if done.cancelled():
                return
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(error)

        def run() -> None:
            error: Exception | None = None
            try:
                work()
            except Exception as broken:
                error = broken
            with suppress(RuntimeError):  # the loop has ended: nobody waits any more
                loop.call_soon_threadsafe(ended, error)

        try:
            async with asyncio.timeout(self._seconds):
                await self._free.acquire()
                try:
                    threading.Thread(target=run, name="apprise", daemon=True).start()
                except RuntimeError:  # the system allows no more threads
                    self._free.release()
                    raise
                await done
        except TimeoutError:
            raise DeliveryError("no answer in time", permanent=False) from None
        except DeliveryError:
            raise
        except Exception as broken:
            raise DeliveryError(f"apprise broke: {type(broken).__name__}", permanent=False) from broken
