"""Services and jobs call `/heartbeat/SECRET`: over HTTP, in the whole opsbot."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from opsbot.app import serve
from opsbot.cli.look import look_once
from opsbot.config.load import load
from opsbot.control.client import ask, running
from tests.bound import BOUND
from tests.e2e.processes import eventually_asked
from tests.web.test_reload import free_port

SECRET, OTHER = "b5d1c1a0f3a94e7f", "another-secret-of-a-job"
TOKEN = "a-token-of-the-environment"
TEXT = """
state_dir: state
reload: manual
targets:
  jobs:
    checks:
      backup: {{type: heartbeat, title: Backup, secret: "${{BACKUP}}", every: 24h{more}}}
      mail: {{type: heartbeat, title: Mail, secret: "${{MAIL}}", every: 24h, prefix: mail}}
notifications: {{log: {{file_path: alerts.log}}}}
web: {{listen: "127.0.0.1:{port}", token: "${{OPSBOT_WEB_TOKEN}}"}}
"""
ENVIRON = {"BACKUP": SECRET, "MAIL": OTHER, "OPSBOT_WEB_TOKEN": TOKEN}


@dataclass
class Opsbot:
    """One that runs."""

    folder: Path
    port: int
    http: ClientSession
    hangups: asyncio.Event = field(default_factory=asyncio.Event)

    async def call(
        self, end: str, method: str = "GET", body: bytes | str | None = None, **headers: str
    ) -> tuple[int, str]:
        """Calls `/heartbeat/` and what follows."""
        url = f"http://127.0.0.1:{self.port}/heartbeat/{end}"
        async with self.http.request(method, url, data=body, headers=headers) as answer:
            return answer.status, await answer.text()

    async def metrics(self) -> str:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with self.http.get(f"http://127.0.0.1:{self.port}/metrics", headers=headers) as answer:
            return await answer.text()

    async def asked(self, verb: str) -> str:
        """What a command of the command line is answered."""
        link = await asyncio.to_thread(running, self.folder / "state")
        assert link is not None
        lines: list[dict[str, Any]] = await asyncio.to_thread(lambda: list(ask(link, {"verb": verb})))
        return json.dumps(lines, ensure_ascii=False)

    async def shows(self, text: str, verb: str = "health") -> None:
        """Returns when it is said."""

        async def so() -> bool:
            return text in await self.asked(verb)

        await eventually_asked(so)


@asynccontextmanager
async def opsbot(
    folder: Path, port: int, more: str = "", environ: Mapping[str, str] = ENVIRON
) -> AsyncIterator[Opsbot]:
    file = folder / "opsbot.yml"
    file.write_text(TEXT.format(port=port, more=more))
    async with ClientSession() as http:
        made, started = Opsbot(folder, port, http), asyncio.Event()
        settings = load(file, environ)
        serving = asyncio.create_task(serve(settings, started=started, hangups=made.hangups, environ=environ))
        try:
            async with asyncio.timeout(BOUND):
                await started.wait()

            async def listens() -> bool:
                try:
                    return bool(await made.metrics())
                except OSError:
                    return False

            await eventually_asked(listens)
            yield made
            assert not serving.done()
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def test_a_call_is_a_sign_of_life_whatever_its_method(in_folder: Path) -> None:
    async with opsbot(in_folder, free_port()) as at:
        await at.shows("none yet, expected each 1 d")
        assert await at.call(SECRET) == (200, "OK\n")
        await at.shows("the last one")
        assert await at.call(SECRET, "HEAD") == (200, "")
        assert await at.call(SECRET, "POST", "whatever it has to say") == (200, "OK\n")
        assert (await at.call(SECRET, "PUT"))[0] == 405
        assert (await at.call(SECRET, "DELETE"))[0] == 405


async def test_a_failure_is_an_incident_at_once_and_over_with_the_next_sign_of_life(in_folder: Path) -> None:
    async with opsbot(in_folder, free_port()) as at:
        assert await at.call(f"{SECRET}/fail", "POST", "disk full\n@everyone") == (200, "OK\n")
        await at.shows("Backup: it failed", "incidents")
        await at.shows("disk full @everyone")
        assert await at.call(SECRET) == (200, "OK\n")

        async def over() -> bool:
            lines = [line for line in (await at.metrics()).splitlines() if "backup_missing" in line]
            return [line.endswith(" 0.0") for line in lines] == [True]

        await eventually_asked(over)


async def test_a_run_that_says_when_it_begins_is_measured(in_folder: Path) -> None:
    async with opsbot(in_folder, free_port()) as at:
        assert (await at.call(f"{SECRET}/start"))[0] == 200
        assert (await at.call(SECRET))[0] == 200

        async def told() -> bool:
            return 'opsbot_target_heartbeat_run_seconds{target="jobs"}' in await at.metrics()

        await eventually_asked(told)


async def test_the_last_one_outlives_opsbot_and_a_reload(in_folder: Path) -> None:
    port = free_port()
    async with opsbot(in_folder, port) as at:
        await at.call(SECRET)
        await at.call(f"{OTHER}/fail", "POST", "no route")
        await at.shows("the last one")
    async with opsbot(in_folder, port) as at:
        await at.shows("the last one")
        await at.shows("it failed")
        at.folder.joinpath("opsbot.yml").write_text(TEXT.format(port=port, more=", grace: 3h"))
        at.hangups.set()
        await at.shows("the last one")
        assert (await at.call(SECRET))[0] == 200


async def test_whoever_does_not_know_the_secret_learns_nothing(in_folder: Path) -> None:
    async with opsbot(in_folder, free_port()) as at:
        wrong = (
            SECRET[:-1],
            SECRET + "0",
            SECRET.upper(),
            "x",
            "a" * 200,
            "",
            "%00",
            "%ff%fe",
            "ä",
        )
        answers = {await at.call(end) for end in wrong}
        assert answers == {(404, "404: Not Found\n")}
        assert (await at.call("x" * 201))[0] == 404
        assert (await at.call(f"{SECRET}/other"))[0] == 404
        assert (await at.call(f"{SECRET}/start/fail"))[0] == 404
        await at.shows("none yet")
        # neither the token of the pages nor the address that it is asked by matters here
        assert (await at.call(SECRET, Host="ops.example.org"))[0] == 200
        assert (await at.call(SECRET, Authorization="Bearer wrong"))[0] == 200
        async with at.http.get(f"http://127.0.0.1:{at.port}/metrics") as answer:
            assert answer.status == 401


async def test_guesses_are_slowed_down_and_nobody_else_is(in_folder: Path) -> None:
    async with opsbot(in_folder, free_port()) as at:
        found = [await at.call(f"guess-number-{number}") for number in range(40)]
        assert {status for status, _ in found} == {404, 429}
        assert (await at.call(SECRET))[0] == 200


async def test_a_body_is_bounded_and_a_failure_counts_all_the_same(in_folder: Path) -> None:
    async with opsbot(in_folder, free_port()) as at:
        assert (await at.call(SECRET, "POST", b"x" * 10_240))[0] == 200
        assert (await at.call(OTHER, "POST", b"x" * 10_241))[0] == 413
        await at.shows("Mail", "health")
        assert (await at.call(f"{OTHER}/fail", "POST", b"disk full " * 2000))[0] == 413
        await at.shows("it failed")
        assert (await at.call("wrong-secret-at-all/fail", "POST", b"x" * 20_000))[0] == 404


async def test_a_call_that_is_repeated_does_no_more_than_the_first(in_folder: Path) -> None:
    async with opsbot(in_folder, free_port()) as at:
        for _ in range(3):
            assert (await at.call(f"{SECRET}/fail", "POST", "no"))[0] == 200
        await at.shows("it failed", "incidents")
        assert "#2" not in await at.asked("incidents")


async def test_no_secret_is_in_any_log_answer_metric_or_file(
    in_folder: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    said = ""
    async with opsbot(in_folder, free_port()) as at:
        for end in (SECRET, f"{SECRET}/start", f"{SECRET}/other", f"{SECRET}x"):
            said += (await at.call(end, "POST", "x"))[1]
        said += (await at.call(f"{SECRET}/fail", "POST", f"curl http://127.0.0.1/heartbeat/{SECRET} failed"))[
            1
        ]
        await at.shows("it failed", "incidents")
        reader, writer = await asyncio.open_connection("127.0.0.1", at.port)
        writer.write(f"GET /heartbeat/{SECRET} HTTP/9.9\r\nBad header {SECRET}\r\n\r\n".encode())
        await reader.read()  # it quotes what it does not understand to whoever sent it, and to nobody else
        writer.close()
        for verb in ("health", "incidents"):
            said += await at.asked(verb)
        said += await at.metrics()
    output = capsys.readouterr()
    said += caplog.text + output.out + output.err
    for file in in_folder.rglob("*"):
        if file.is_file():
            said += file.read_bytes().decode(errors="replace")
    assert "it failed" in said
    assert SECRET not in said


async def test_one_look_without_opsbot_tells_what_it_heard(
    in_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opsbot(in_folder, free_port()) as at:
        await at.call(SECRET)
        await at.call(f"{OTHER}/fail", "POST", "no route")
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    (answer,) = await asyncio.to_thread(lambda: list(look_once(in_folder / "opsbot.yml", None)))
    assert "✓ Backup: OK (the last one" in answer["text"]
    assert "✗ Mail: FAILED (it failed" in answer["text"]
