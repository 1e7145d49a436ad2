"""Slack's incoming webhook (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks).

It cannot edit, so only news is posted. At least once: Slack knows no key by which it would see a repeat.
"""

from __future__ import annotations

from typing import Any, Self

from pydantic import SecretStr, model_validator

from opsbot.clock import Clock
from opsbot.domain.incident import Incident
from opsbot.domain.notice import Receipt, Telling
from opsbot.draw.marks import incident_colour
from opsbot.draw.summary import facts, headline, timeline
from opsbot.notifiers._http import Http, HttpRefusal
from opsbot.notifiers._news import is_news, receipt
from opsbot.notifiers._options import SecretUrl, Timeout, require
from opsbot.notifiers.base import Notifier, NotifierContext, NotifierOptions
from opsbot.text import clamp, units

HEADER, SECTION, FALLBACK = 150, 3000, 2000
"""Characters of a header block, a section's text, the fallback text (reference/block-kit/blocks)."""

_PLACE_GONE = frozenset(
    {
        "action_prohibited",
        "channel_is_archived",
        "channel_not_found",
        "invalid_token",
        "no_active_hooks",
        "no_service",
        "no_service_id",
        "no_team",
        "posting_to_general_channel_denied",
        "team_disabled",
        "user_not_found",
    }
)
"""Words that refuse whatever is sent, some of them with status 400 (the same page, "Error types")."""


class Options(NotifierOptions):
    """`webhook_url`: of the Slack app. `channel`: only old ("legacy") webhooks obey it, new ones have one."""

    webhook_url: SecretUrl = SecretStr("")
    channel: str = ""
    timeout_seconds: Timeout = 10

    @model_validator(mode="after")
    def _complete(self) -> Self:
        require(self, webhook_url=self.webhook_url)
        return self


def build(options: Options, context: NotifierContext) -> Notifier:
    """Opens nothing yet."""
    return SlackNotifier(options, context.name, context.clock)


class SlackNotifier:
    """A receipt's place is what was told last."""

    def __init__(self, options: Options, name: str, clock: Clock) -> None:
        self._options = options
        self._name = name
        self._http = Http(options.timeout_seconds, clock)

    async def deliver(self, telling: Telling) -> Receipt:
        """See `Notifier.deliver`."""
        if is_news(telling):
            body = message(telling.incident, telling.late)
            if self._options.channel:
                body["channel"] = self._options.channel
            await self._post(body)
        return receipt(self._name, telling.incident)

    async def close(self) -> None:
        """Closes the connection."""
        await self._http.close()

    async def _post(self, body: dict[str, Any]) -> None:
        try:
            await self._http.send("POST", self._options.webhook_url.get_secret_value(), body)
        except HttpRefusal as refusal:
            if refusal.answer.text.strip() in _PLACE_GONE:
                raise refusal.of_the_place() from None
            raise


def message(incident: Incident, late: float = 0.0) -> dict[str, Any]:
    """Blocks with a coloured edge. Untrusted words stand in `plain_text`, which reads no markup, and are
    escaped all the same."""
    title = headline(incident, HEADER)
    rows = "\n".join(f"{name}: {value}" for name, value in facts(incident, late))
    blocks = [
        {"type": "header", "text": _text(title, HEADER)},
        {"type": "section", "text": _text(rows, SECTION)},
    ]
    if incident.timeline:
        blocks.append({"type": "section", "text": _text("\n".join(timeline(incident)), SECTION)})
    colour = f"#{incident_colour(incident.state, incident.priority):06x}"
    return {
        "text": escape(title, FALLBACK),
        "mrkdwn": False,
        "attachments": [{"color": colour, "fallback": escape(title, FALLBACK), "blocks": blocks}],
    }


def escape(text: str, limit: int) -> str:
    """Slack's three characters, so that `<!channel>` and links are only read. At most `limit` UTF-16 units
    with the escapes, none of them cut."""
    escaped = _escaped(text)
    while (excess := units(escaped) - limit) > 0:
        text = clamp(text, units(text) - max(1, excess // 5))
        escaped = _escaped(text)
    return escaped


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _text(text: str, limit: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": escape(text, limit), "emoji": False}
