"""Talks to a container engine: a few calls, each with a time limit, each failure one sentence.

The only module that imports aiodocker. What aiodocker reads whole and without a limit (logs, events) is asked
for here over the same session.
"""

from __future__ import annotations

import asyncio
import errno
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiodocker
import aiohttp

from opsbot.errors import SupervisorError
from opsbot.supervisors._docker.container import Container
from opsbot.supervisors._docker.streams import Event, LogText, event_of
from opsbot.text import one_line

CALL_SECONDS = 10.0
"""An engine under load takes seconds to answer; one that takes longer cannot be worked with."""

START_SECONDS = 60.0
"""Volumes, networks and images are made ready before a start is answered."""

STOP_SECONDS = 30.0
"""So long after the grace an engine may need to kill, unmount and tear down (Docker itself allows 10 s)."""

EVENT_SECONDS = 1.0
"""The engine writes an end down within some 10 ms of it."""

_WORDS = 300
_NOT_CONNECTED = 900  # aiodocker's own number for it


class EngineDown(SupervisorError):
    """The engine was not reached, or what it did is not known."""


class Refused(SupervisorError):
    """The engine was reached and said no. `status`: of HTTP; `words`: its reason, one line."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(f"The container engine refuses: {words}")
        self.status, self.words = status, words


class Engine:
    """One engine, connected when it is first needed. `url`: `unix://PATH` or `http://HOST:PORT`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._base = "http://localhost" if url.startswith("unix://") else url
        self._session: aiohttp.ClientSession | None = None
        self._docker: aiodocker.Docker | None = None
        self._opening = asyncio.Lock()

    async def inspect(self, name: str) -> Container | None:
        """None when there is no such container."""
        try:
            async with self._asking(CALL_SECONDS) as docker:
                return Container.of(await docker.containers.container(name).show())
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    async def start(self, name: str) -> None:
        """Starts it; nothing happens to one that runs."""
        async with self._asking(START_SECONDS) as docker:
            await docker.containers.container(name).start()

    async def stop(self, name: str, grace: int) -> None:
        """Its own stop signal, `grace` seconds, SIGKILL; also ends the waiting of its restart policy."""
        async with self._asking(grace + STOP_SECONDS) as docker:
            await docker.containers.container(name).stop(t=grace)

    async def unpause(self, name: str) -> None:
        async with self._asking(CALL_SECONDS) as docker:
            await docker.containers.container(name).unpause()

    async def publisher(self, port: int) -> str:
        """The running container that a TCP port of the host leads into, empty when there is none."""
        async with self._asking(CALL_SECONDS) as docker:
            for container in await docker.containers.list():
                ports = container["Ports"] or ()
                if any(p.get("PublicPort") == port and p.get("Type") == "tcp" for p in ports):
                    return str(container["Names"][0]).lstrip("/")
        return ""

    async def log(self, container: Container, lines: int) -> list[str]:
        """The newest lines of its output."""
        query = {"stdout": "1", "stderr": "1", "tail": str(lines)}
        text = LogText(plain=container.tty)
        async with (
            self._asking(CALL_SECONDS) as docker,
            self._get(docker, f"containers/{container.id}/logs", query) as answer,
        ):
            async for chunk in answer.content.iter_any():
                text.feed(chunk)
        return text.lines(lines)

    async def history(
        self, container_id: str, since: int, enough: Callable[[Event], bool]
    ) -> tuple[Event, ...]:
        """What happened to a container since a time (whole seconds since 1970), oldest first, until `enough`
        of it is there or `EVENT_SECONDS` are over. Docker remembers the newest 256 events of all containers
        together; what is forgotten, or cannot be asked for, is not there."""
        filters = json.dumps({"type": ["container"], "container": [container_id]})
        query = {"since": str(since), "filters": filters}
        found: list[Event] = []
        with suppress(SupervisorError):
            async with self._asking(EVENT_SECONDS) as docker, self._get(docker, "events", query) as answer:
                async for line in answer.content:
                    event = event_of(line)
                    if event and event.container == container_id:
                        found.append(event)
                        if enough(event):
                            break
        return tuple(found)

    async def close(self) -> None:
        """Lets go of the connection; the next call makes a new one."""
        docker, self._docker = self._docker, None
        session, self._session = self._session, None
        if docker:
            await docker.close()
        if session:
            await session.close()

    @asynccontextmanager
    async def _get(
        self, docker: aiodocker.Docker, path: str, query: dict[str, str]
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        assert self._session is not None
        url = f"{self._base}/{docker.api_version}/{path}"
        async with self._session.get(url, params=query) as answer:
            if answer.status >= 400:
                raise Refused(answer.status, one_line(await answer.text(errors="replace"), _WORDS))
            yield answer

    @asynccontextmanager
    async def _asking(self, seconds: float) -> AsyncIterator[aiodocker.Docker]:
        """
        Raises:
            Refused, EngineDown: what went wrong, in one sentence.
        """
        try:
            async with asyncio.timeout(seconds):
                yield await self._connected()
        except aiodocker.DockerError as error:
            if error.status == _NOT_CONNECTED:
                raise self._down(error.__context__ or error) from error
            raise await self._refusal(error) from error
        except TimeoutError as error:  # before OSError, whose child it is
            raise EngineDown(
                f"The container engine at {self._url} gave no answer in {seconds:g} s."
            ) from error
        except (aiohttp.ClientError, OSError) as error:
            raise self._down(error) from error
        except (ValueError, KeyError, TypeError) as error:
            raise EngineDown(f"What answers at {self._url} is no container engine: correct `url`.") from error

    async def _connected(self) -> aiodocker.Docker:
        async with self._opening:
            if self._docker is None:
                version, session = await self._version(), self._opened()
                # without a connector it would make one of its own, by DOCKER_TLS_VERIFY and the like
                self._docker = aiodocker.Docker(
                    url=self._base, connector=session.connector, session=session, api_version=version
                )
            return self._docker

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            # a kept connection would be found dead, in the middle of a start, once the engine was restarted
            connector: aiohttp.BaseConnector = (
                aiohttp.UnixConnector(self._url.removeprefix("unix://"), force_close=True)
                if self._url.startswith("unix://")
                else aiohttp.TCPConnector(force_close=True)
            )
            self._session = aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout())
        return self._session

    async def _version(self) -> str:
        async with self._opened().get(f"{self._base}/version") as answer:
            answer.raise_for_status()
            said: dict[str, Any] = await answer.json(content_type=None)
            return f"v{said['ApiVersion']}"

    async def _refusal(self, error: aiodocker.DockerError) -> SupervisorError:
        words = one_line(str(error.message), _WORDS)
        if error.status == 400 and "client version" in words:  # the engine was replaced by a newer one
            await self.close()
            return EngineDown(f"The container engine was upgraded meanwhile: {words}")
        return Refused(error.status, words)

    def _down(self, error: BaseException) -> EngineDown:
        number = error.errno if isinstance(error, OSError) else None
        if number in (errno.EACCES, errno.EPERM):
            return EngineDown(
                f"opsbot may not use the container engine at {self._url}: add its user to the group `docker` "
                f"and start it anew (who is in that group is as powerful as root).",
                permanent=True,
            )
        if number == errno.ENOENT:
            return EngineDown(
                f"There is no container engine at {self._url}: start it (`systemctl start docker`), or "
                f"correct `url`."
            )
        why = one_line(str(error), _WORDS) if number is None else errno.errorcode.get(number, str(number))
        return EngineDown(f"The container engine at {self._url} is not reached ({why}): does it run?")
