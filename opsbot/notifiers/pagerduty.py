"""PagerDuty's Events API v2 (https://developer.pagerduty.com/docs/events-api-v2/trigger-events/).

One dedup key an incident: repeats change nothing, so delivery is exact. PagerDuty's severities `critical`,
`warning` and `info` are opsbot's own; its fourth, `error`, is not used.
"""

from __future__ import annotations

from typing import Any, Self

from pydantic import SecretStr, model_validator

from opsbot.clock import Clock
from opsbot.domain.incident import Incident
from opsbot.domain.levels import IncidentState
from opsbot.domain.notice import Receipt, Telling
from opsbot.draw.incident import utc_text
from opsbot.draw.summary import facts, headline, timeline
from opsbot.notifiers._http import Http, HttpRefusal
from opsbot.notifiers._news import is_news, receipt, unique
from opsbot.notifiers._options import Timeout, WebAddress, require
from opsbot.notifiers.base import Notifier, NotifierContext, NotifierOptions
from opsbot.text import one_line

SUMMARY, SOURCE = 1024, 255
"""Characters of a summary (the page above, "Parameters"), and of a source, of which it says nothing."""

_WRONG_KEY = "set `routing_key` to the service's integration key (Events API v2)"

_ACTION = {
    IncidentState.OPEN: "trigger",
    IncidentState.ACKNOWLEDGED: "acknowledge",
    IncidentState.RESOLVED: "resolve",
}


class Options(NotifierOptions):
    """`routing_key`: the integration key of the service. `base_url`: the European service has its own.
    `runbook_url`: shown in the incident as a link."""

    routing_key: SecretStr = SecretStr("")
    base_url: WebAddress = "https://events.pagerduty.com"
    runbook_url: WebAddress = ""
    timeout_seconds: Timeout = 10

    @model_validator(mode="after")
    def _complete(self) -> Self:
        require(self, routing_key=self.routing_key, base_url=self.base_url)
        return self


def build(options: Options, context: NotifierContext) -> Notifier:
    """Opens nothing yet."""
    return PagerDutyNotifier(options, context.name, context.clock)


class PagerDutyNotifier:
    """A receipt's place is what was told last."""

    def __init__(self, options: Options, name: str, clock: Clock) -> None:
        self._url = f"{options.base_url.rstrip('/')}/v2/enqueue"
        self._key = options.routing_key.get_secret_value()
        self._name = name
        self._runbook = options.runbook_url
        self._http = Http(options.timeout_seconds, clock)

    async def deliver(self, telling: Telling) -> Receipt:
        """See `Notifier.deliver`. An acknowledgement of what PagerDuty never heard of triggers it first."""
        if is_news(telling):
            for event in events(telling, self._runbook):
                await self._send({"routing_key": self._key, **event})
        return receipt(self._name, telling.incident)

    async def close(self) -> None:
        """Closes the connection."""
        await self._http.close()

    async def _send(self, event: dict[str, Any]) -> None:
        """A wrong or revoked key is answered with 400 like a malformed event, but refuses them all."""
        try:
            await self._http.send("POST", self._url, event)
        except HttpRefusal as refusal:
            said = refusal.answer.text.lower().replace("_", " ")
            if not refusal.place and refusal.permanent and "routing key" in said:
                raise refusal.of_the_place(_WRONG_KEY) from None
            raise


def events(telling: Telling, runbook: str = "") -> list[dict[str, Any]]:
    """The events that bring PagerDuty to the incident's state."""
    incident = telling.incident
    actions = [_ACTION[incident.state]]
    if telling.receipt is None and incident.state is IncidentState.ACKNOWLEDGED:
        actions.insert(0, "trigger")
    return [_event(action, incident, telling.late, runbook) for action in actions]


def _event(action: str, incident: Incident, late: float, runbook: str) -> dict[str, Any]:
    event: dict[str, Any] = {"event_action": action, "dedup_key": unique(incident), "client": "opsbot"}
    if action == "trigger":
        event["payload"] = {
            "summary": headline(incident, SUMMARY),
            "source": one_line(incident.target, SOURCE) or "opsbot",
            "severity": incident.severity.value,
            "timestamp": utc_text(incident.began.wall).replace(" UTC", "Z").replace(" ", "T"),
            "class": incident.priority.value,
            "custom_details": {**dict(facts(incident, late)), "timeline": timeline(incident)},
        }
        if runbook:
            event["links"] = [{"href": runbook, "text": "Runbook"}]
    return event
