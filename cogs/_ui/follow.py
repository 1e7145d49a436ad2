"""A running action, shown while it runs."""

from __future__ import annotations

from dataclasses import replace

import structlog

from cogs._ui.answer import say
from cogs._ui.host import Asked, Host
from cogs._ui.progress import show_progress, surely
from opsbot.domain.action import Action
from opsbot.draw.action import action_payload
from opsbot.errors import DeliveryError

log = structlog.get_logger("opsbot.discord")


async def follow(asked: Asked, action: Action) -> None:
    """The steps, to the asker as they happen; the channel sees who asked, and how it ended."""
    host = asked.client
    public = await announce(host, action)

    async def show(state: Action) -> None:
        await say(asked, action_payload(state), private=True)

    async def show_public(state: Action) -> None:
        if public is not None:
            await host.transport.edit(host.channel_id, public, action_payload(state))

    last = await show_progress(host.operations.follow(action.id), show, host.clock, host.edit_every)
    if last is not None:
        await surely(last, show_public, host.clock, host.edit_every)


async def announce(host: Host, action: Action) -> int | None:
    """Tells the ops channel, silently. None when that fails: the restart goes on."""
    payload = replace(action_payload(action), silent=True, nonce=f"opsbot-act-{action.id}")
    try:
        return await host.transport.send(host.channel_id, payload)
    except DeliveryError as error:
        log.warning("a restart could not be announced", action=action.id, error=str(error))
        return None
