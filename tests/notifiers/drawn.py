"""What each notifier would send, without sending it: for judging thousands of incidents."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from opsbot.domain.incident import Incident
from opsbot.domain.moment import Moment
from opsbot.domain.notice import NoticeKind, Receipt, Telling
from opsbot.draw.payload import Payload
from opsbot.draw.wire import edit_json, message_json
from opsbot.notifiers import _apprise, log
from opsbot.notifiers._http import Answer
from opsbot.notifiers._mail import compose
from opsbot.notifiers._transport import Page, Thread
from tests.draw.samples import telling
from tests.notifiers import judges
from tests.notifiers.rigs import build

ROLES = (77, 2**63)
NOW = Moment(5000.0, 1_767_629_440.0)
READERS = ("admin@example.com", "oncall@example.com")
OPTIONS: dict[str, dict[str, Any]] = {
    "discord": {"channel_id": 5, "role_ids": ROLES, "ping_from": "P4"},
    "discord_webhook": {"webhook_url": "https://discord.test/api/webhooks/1/x"},
    "slack": {"webhook_url": "https://slack.test/x"},
    "pagerduty": {"routing_key": "k" * 32, "runbook_url": "https://wiki.test/"},
    "webhook": {"url": "https://hook.test/", "secret": "s3"},
}

Judge = Callable[[bytes], None]


class Wire:
    """Takes the place of a session and of Discord's line; judges what would go out. `sent`: how much."""

    def __init__(self, kind: str) -> None:
        self.sent = 0
        self._kind = kind

    async def send(self, *said: Any) -> Any:
        """Either a `DiscordTransport`'s, or an `Http`'s."""
        self.sent += 1
        if isinstance(said[1], Payload):
            judges.discord(_bytes(message_json(said[1])), frozenset(ROLES))
            return 4711
        method, _, body = said[:3]
        raw = body if isinstance(body, bytes) else _bytes(body)
        if self._kind == "discord_webhook":
            judges.discord(raw, frozenset(), edit=method == "PATCH", plain=True)
        else:
            judge: Judge = getattr(judges, self._kind)
            judge(raw)
        return Answer(200, "", {"id": "4711"}, None)

    async def edit(self, channel: int, message: int, payload: Payload) -> None:
        """A `DiscordTransport`'s."""
        self.sent += 1
        judges.discord(_bytes(edit_json(payload)), frozenset(ROLES), edit=True)

    async def read(self, channel: int, after: int) -> Page:
        """An empty channel."""
        return Page((), after, 0)

    async def open_thread(self, channel: int, message: int, name: str) -> Thread:
        """A `DiscordTransport`'s."""
        self.sent += 1
        judges.thread_name(name)
        return Thread(message, new=True)


def _bytes(body: Any) -> bytes:
    """As aiohttp and discord.py send it."""
    return json.dumps(body).encode()


def tellings(incident: Incident, late: float) -> list[Telling]:
    """Everything that may be told of an incident as it is."""
    return [
        telling(kind, receipt=receipt, number=number, incident=incident, late=late)
        for number, kind in enumerate(NoticeKind, 1)
        for receipt in (
            None,
            *(Receipt("ops", incident.id, place) for place in ("5/4711", "5/4711/99/0", "4711")),
        )
    ]


async def over_the_wire(kind: str, incident: Incident, late: float) -> int:
    """What a notifier makes of all tellings. Returns how many messages that were."""
    wire: Any = Wire(kind)
    notifier: Any = build(kind, OPTIONS[kind], wire if kind == "discord" else None)
    if kind != "discord":
        notifier._http = wire
    for told in tellings(incident, late):
        await notifier.deliver(told)
    return int(wire.sent)


async def by_mail(kind: str, incident: Incident, late: float) -> int:
    """The first mail and an answer to it, flattened as aiosmtplib does for a server of 8 bits and of 7."""
    from aiosmtplib.email import flatten_message

    told = Receipt("ops", incident.id, "open P4")
    first = telling(NoticeKind.OPENED, incident=incident, late=late)
    answer = telling(NoticeKind.RESOLVED, receipt=told, incident=incident, late=late)
    for one, bits in ((first, "8bit"), (answer, "7bit")):
        made = compose(one, "alerts@summarybot.local", READERS, NOW)
        judges.mail(flatten_message(made, cte_type=bits), READERS)
    return 2


async def to_the_log(kind: str, incident: Incident, late: float) -> int:
    """Likewise."""
    told = tellings(incident, late)
    for one in told:
        judges.log(log.line(one))
    return len(told)


async def through_apprise(kind: str, incident: Incident, late: float) -> int:
    """Likewise."""
    told = tellings(incident, late)
    for one in told:
        text = _apprise.message(one)
        judges.apprise(text.title, text.body)
    return len(told)


Draw = Callable[[str, Incident, float], Coroutine[Any, Any, int]]

DRAWN: Mapping[str, Draw] = {
    **dict.fromkeys(OPTIONS, over_the_wire),
    "email": by_mail,
    "log": to_the_log,
    "apprise": through_apprise,
}
"""By kind: judges all that is drawn of an incident, and counts it."""
