"""The live page: what people see in Discord, in a browser, and click there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from simcord.builders import ChannelHandle
from simcord.preview import Preview

from opsbot.demo.discord_sim.changes import Changes
from opsbot.demo.discord_sim.env import WireEnv
from opsbot.demo.discord_sim.people import Person

WIDTH, HEIGHT = 960, 720
# A burst of changes (a message, its thread, an edit) is shown as one.
GATHER_SECONDS = 0.1


class LivePage(Preview):
    """simcord's page, robust against a world that moves while somebody clicks.

    `url` carries a capability: whoever has it can act as any of the viewers.
    """

    def __init__(
        self,
        env: WireEnv,
        channel: ChannelHandle,
        viewers: Sequence[Person],
        *,
        port: int,
        timezone: str,
    ) -> None:
        super().__init__(
            env,
            channel,
            tuple(viewers),
            layout="channel",
            display="responsive",
            width=WIDTH,
            height=HEIGHT,
            locale="en-US",
            timezone=timezone,
            presentation_time=None,
            assets=None,
            port=port,
        )
        self._wire = env
        self._turn = asyncio.Lock()

    async def _action(self, context_id: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        """One action at a time, and none against a page that a refresh has just renewed.

        The browser names the revision it saw. When an alert came meanwhile, simcord would refuse
        the click as stale, although the button is still there; whether it is, simcord checks
        anyway by the button's own key.
        """
        async with self._turn:
            # The page goes on by itself: it need not wait for more than the acknowledgement.
            if isinstance(body, Mapping) and "published_revision" in body:
                body = {**body, "published_revision": self._get_page(context_id).revision}
            with self._wire.in_a_hurry():
                return await super()._action(context_id, body)

    async def refresh(self) -> None:
        async with self._turn:
            await super().refresh()

    async def follow(self, changes: Changes) -> None:
        """Show every change, until cancelled or until somebody ends the page in the browser."""
        shown = -1
        while not self._closed:
            await changes.beyond(shown)
            await asyncio.sleep(GATHER_SECONDS)
            shown = changes.count
            if not self._closed:
                await self.refresh()


@asynccontextmanager
async def live_page(
    env: WireEnv,
    changes: Changes,
    channel: ChannelHandle,
    viewers: Sequence[Person],
    *,
    port: int = 0,
    timezone: str = "UTC",
) -> AsyncIterator[LivePage]:
    """Serve one channel to the given viewers; the page follows the world by itself."""
    page = LivePage(env, channel, viewers, port=port, timezone=timezone)
    async with page:
        following = asyncio.create_task(page.follow(changes))
        try:
            yield page
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following
