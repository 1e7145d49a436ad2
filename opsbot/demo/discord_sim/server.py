"""The simulated Discord's life: start, wait, look, end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from types import TracebackType
from typing import Any, Self, TypeVar

import discord
from aiohttp import web
from simcord.builders import ChannelHandle
from simcord.results import to_discord_message

from opsbot.demo.discord_sim.cdn import Cdn
from opsbot.demo.discord_sim.changes import DEFAULT_WAIT_SECONDS, Changes
from opsbot.demo.discord_sim.env import WireEnv
from opsbot.demo.discord_sim.gateway import Gateway
from opsbot.demo.discord_sim.listener import Listener
from opsbot.demo.discord_sim.page import LivePage, live_page
from opsbot.demo.discord_sim.people import Person
from opsbot.demo.discord_sim.pings import PingLog, Pings
from opsbot.demo.discord_sim.presence import Presences
from opsbot.demo.discord_sim.requests import RequestLog
from opsbot.demo.discord_sim.rest import API_PREFIX, Rest
from opsbot.demo.discord_sim.rules import Rules
from opsbot.demo.discord_sim.world import World, build_world

T = TypeVar("T")

DEFAULT_TOKEN = "token"  # noqa: S105  (opens nothing but this simulation)
KEPT_TRANSCRIPT = 2_000


class SimulatedDiscord:
    """A Discord on loopback around simcord's world: REST, gateway, people, faults, page.

    Bots connect to `rest_url` and `gateway_url` with `token`, one after another if need be; the
    world outlives them. Parts: `world` (guild, channels, people), `faults` and `rate_limits` (what
    REST does wrong), `gateway` (connections, and what they do wrong), `requests`, `pings`,
    `presences`, `rules`, `changes`.
    """

    def __init__(self, *, port: int = 0, token: str = DEFAULT_TOKEN) -> None:
        self.changes = Changes()
        self.requests = RequestLog(self.changes)
        self.env = WireEnv(self.changes, self.requests)
        self.backend = self.env.backend
        self.cdn = Cdn(self.backend)
        self.presences = Presences(self.backend)
        self.pings = PingLog(self.backend)
        self.gateway = Gateway(self.backend, self.cdn, self.presences, self.changes, token)
        self.rules = Rules(self.backend)
        self.rest = Rest(self.backend, self.cdn, self.gateway, self.requests, self.rules)
        self.faults = self.rest.faults
        self.rate_limits = self.rest.rate_limits
        self.backend.subscribers.append(self._on_event)
        self.world: World = build_world(self.env)
        self._listener = Listener(self._app(), port)
        self._closing = AsyncExitStack()

    @property
    def token(self) -> str:
        return self.gateway.token

    @property
    def rest_url(self) -> str:
        return f"http://{self._listener.address}{API_PREFIX}"

    @property
    def gateway_url(self) -> str:
        return self.gateway.url

    async def __aenter__(self) -> Self:
        await self._closing.enter_async_context(self._listener)
        self.cdn.base_url = f"http://{self._listener.address}/cdn"
        self.gateway.url = f"ws://{self._listener.address}/gateway"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.faults.clear()
        await self._closing.aclose()

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=256 * 2**20)
        app.router.add_get("/gateway", self.gateway.serve)
        app.router.add_get("/cdn/{name:.*}", self.cdn.serve)
        app.router.add_route("*", API_PREFIX + "/{path:.*}", self.rest.serve)
        return app

    def _on_event(self, _event: str, _payload: object) -> None:
        del self.backend.transcript[:-KEPT_TRANSCRIPT], self.backend.http_requests[:-1]
        self.changes.notify()

    # ------------------------------------------------------------ connections

    async def refuse_connections(self) -> None:
        """Nobody listens any more, and every open connection is reset."""
        await self._listener.stop_listening()

    async def accept_connections(self) -> None:
        """Listen again, on the same port."""
        await self._listener.listen()

    def revoke_token(self, new: str) -> None:
        """From now on only `new` opens the API; call `gateway.close(4004)` to throw bots out."""
        self.gateway.token = new
        self.gateway.sessions.clear()

    def create_webhook(self, channel: ChannelHandle, name: str = "opsbot alerts") -> str:
        """The address of a new incoming webhook; its messages carry no nonce and no buttons."""
        webhook = self.backend.create_webhook(channel.id, name, self.backend.bot_user.id)
        return f"{self.rest_url}/webhooks/{webhook.id}/{webhook.token}"

    # ---------------------------------------------------------------- looking

    def messages(
        self, channel: ChannelHandle | int, *, seen_by: Person | None = None
    ) -> list[discord.Message]:
        """A channel's or thread's messages, oldest first.

        Private answers to people are left out, but for those that `seen_by` can see.
        """
        channel_id = channel if isinstance(channel, int) else channel.id
        stored = sorted(self.backend.messages.get(channel_id, {}).values(), key=lambda m: m.id)
        reader = None if seen_by is None else seen_by.id
        return [to_discord_message(self.env, m) for m in stored if m.visible_to(reader)]

    def message_pings(self, message: discord.Message | int) -> Pings:
        """Whom this message notified; raises KeyError for an unknown one."""
        return self.pings.of(message if isinstance(message, int) else message.id)

    def content_of(self, attachment: discord.Attachment) -> bytes | None:
        """An attachment's bytes, without HTTP."""
        return self.cdn.content(attachment.url)

    def problems(self) -> list[str]:
        """What no test may pass with: unimplemented routes, and breakage of the simulation."""
        return [*self.rest.unimplemented, *(repr(error) for error in self.rest.failures)]

    # ---------------------------------------------------------------- waiting

    async def wait_for(self, predicate: Callable[[], T], timeout: float = DEFAULT_WAIT_SECONDS) -> T:
        """The predicate's first truthy value, asked anew at every request and every event."""
        return await self.changes.wait_for(predicate, timeout, explain=self._last_requests)

    async def wait_for_message(
        self,
        channel: ChannelHandle | int,
        predicate: Callable[[discord.Message], Any] = lambda _: True,
        timeout: float = DEFAULT_WAIT_SECONDS,
        *,
        after: discord.Message | None = None,
    ) -> discord.Message:
        """The first message, there already or still to come, that fits; edits count too.

        `after`: only messages that are newer than this one.
        """
        newest = after.id if after is not None else 0

        def found() -> discord.Message | None:
            fitting = (m for m in self.messages(channel) if m.id > newest and predicate(m))
            return next(fitting, None)

        def explain() -> str:
            shown = [f"  {m.author}: {m.content!r}, {len(m.embeds)} embeds" for m in self.messages(channel)]
            return "no such message; there are:\n" + "\n".join(shown[-10:]) + self._last_requests()

        message = await self.changes.wait_for(found, timeout, explain=explain)
        assert message is not None
        return message

    async def wait_until_connected(self, timeout: float = DEFAULT_WAIT_SECONDS) -> None:
        """Until a bot has identified."""
        await self.wait_for(lambda: self.gateway.connected > 0, timeout)

    def _last_requests(self) -> str:
        return f"\nlast requests:\n{self.requests.tail()}"

    # ------------------------------------------------------------------- page

    def page(
        self,
        channel: ChannelHandle,
        viewers: Sequence[Person],
        *,
        port: int = 0,
        timezone: str = "UTC",
    ) -> AbstractAsyncContextManager[LivePage]:
        """The live page of one channel; its `url` lets its holder act as any viewer."""
        return live_page(self.env, self.changes, channel, viewers, port=port, timezone=timezone)
