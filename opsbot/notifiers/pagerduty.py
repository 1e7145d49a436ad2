"""PagerDuty's Events API v2 (https://developer.pagerduty.com/docs/events-api-v2/trigger-events/).

One dedup key an incident: repeats change nothing, so delivery is exact.
"""

from __future__ import annotations

from typing import Any, Self

from pydantic import SecretStr, model_validator

from opsbot.domain.incident import Incident
from opsbot.domain.levels import IncidentState
from opsbot.domain.notice import Receipt, Telling
from opsbot.draw.incident import utc_text
from opsbot.draw.summary import facts, headline, timeline
from opsbot.notifiers._http import Http
from opsbot.notifiers._news import is_news, receipt, unique
from opsbot.notifiers._options import Timeout, WebAddress, require
from opsbot.notifiers.base import Notifier, NotifierContext, NotifierOptions

SUMMARY = 1024
"""Characters of a summary."""

_ACTION = {
    IncidentState.OPEN: "trigger",
    IncidentState.ACKNOWLEDGED: "acknowledge",
    IncidentState.RESOLVED: "resolve",
}


class Options(NotifierOptions):
    """`routing_key`: the integration key of the service. `base_url`: the European service has its own."""

    routing_key: SecretStr = SecretStr("")
    base_url: WebAddress = "https://events.pagerduty.com"
    timeout_seconds: Timeout = 10

    @model_validator(mode="after")
    def _complete(self) -> Self:
        require(self, routing_key=self.routing_key, base_url=self.base_url)
        return self


def build(options: Options, context: NotifierContext) -> Notifier:
    """Opens nothing yet."""
    return PagerDutyNotifier(options, context.name)


class PagerDutyNotifier:
    """A receipt's place is what was told last."""

    def __init__(self, options: Options, name: str) -> None:
        self._url = f"{options.base_url.rstrip('/')}/v2/enqueue"
        self._key = options.routing_key.get_secret_value()
        self._name = name
        self._http = Http(options.timeout_seconds)

    async def deliver(self, telling: Telling) -> Receipt:
        """See `Notifier.deliver`. An acknowledgement of what PagerDuty never heard of triggers it first."""
        if is_news(telling):
            for event in events(telling):
                await self._http.send("POST", self._url, {"routing_key": self._key, **event})
        return receipt(self._name, telling.incident)

    async def close(self) -> None:
        """Closes the connection."""
        await self._http.close()


def events(telling: Telling) -> list[dict[str, Any]]:
    """The events that bring PagerDuty to the incident's state."""
    incident = telling.incident
    actions = [_ACTION[incident.state]]
    if telling.receipt is None and incident.state is IncidentState.ACKNOWLEDGED:
        actions.insert(0, "trigger")
    return [_event(action, incident, telling.late) for action in actions]


def _event(action: str, incident: Incident, late: float) -> dict[str, Any]:
    event: dict[str, Any] = {"event_action": action, "dedup_key": unique(incident), "client": "opsbot"}
    if action == "trigger":
        event["payload"] = {
            "summary": headline(incident, SUMMARY),
            "source": incident.target,
            "severity": incident.severity.value,
            "timestamp": utc_text(incident.opened.wall).replace(" UTC", "Z").replace(" ", "T"),
            "class": incident.priority.value,
            "custom_details": {**dict(facts(incident, late)), "timeline": timeline(incident)},
        }
    return event
