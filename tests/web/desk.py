"""What the tests of the web endpoint share: a real runtime over doubles, and a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import ClientSession
from prometheus_client.parser import text_string_to_metric_families

from opsbot.config.settings import WebSettings
from opsbot.web.endpoint import Endpoint
from tests.bound import BOUND
from tests.runtime.rig import Rig, running

ANY_PORT = WebSettings("127.0.0.1:0")


@dataclass(frozen=True)
class Answer:
    """`values`: of the samples, by name and labels."""

    status: int
    text: str
    headers: Mapping[str, str]

    def value(self, name: str, **labels: str) -> float | None:
        """The value of a sample; None when there is none."""
        for family in text_string_to_metric_families(self.text):
            for sample in family.samples:
                if sample.name == name and sample.labels == labels:
                    return float(sample.value)
        return None

    @property
    def names(self) -> set[str]:
        """The names of all families."""
        return {line.split()[2] for line in self.text.splitlines() if line.startswith("# TYPE ")}


@dataclass(frozen=True)
class Desk:
    """An endpoint beside a runtime that works."""

    rig: Rig
    endpoint: Endpoint
    http: ClientSession

    async def get(self, path: str = "/metrics", method: str = "GET", **headers: str) -> Answer:
        """Asks as Prometheus does; what was kept of the last answer is too old by then."""
        await self.rig.clock.advance(2.0)
        url = f"http://127.0.0.1:{self.endpoint.port}{path}"
        async with asyncio.timeout(BOUND), self.http.request(method, url, headers=headers) as answer:
            return Answer(answer.status, await answer.text(), answer.headers.copy())


@asynccontextmanager
async def desk(rig: Rig, settings: WebSettings = ANY_PORT) -> AsyncIterator[Desk]:
    """The runtime works and the endpoint listens while the context lasts."""
    endpoint = Endpoint(lambda: rig.runtime, rig.clock, settings)
    async with running(rig), ClientSession() as http:
        serving = asyncio.create_task(endpoint.run())
        try:
            async with asyncio.timeout(BOUND):
                await endpoint.listening.wait()
            yield Desk(rig, endpoint, http)
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
