"""Whether a key still works: asked with the target's own key, which is never shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from opsbot import redact
from opsbot.clock import SystemClock
from opsbot.domain.credential import Credential, KeyFound, KeyState
from opsbot.domain.target import SupervisorSpec, Target
from opsbot.reloading.keys import TargetKeys
from opsbot.supervisors.process import Options
from tests.checks.servers import answer, http, recording, serve
from tests.engine.drive import target

KEY = "sk-or-v1-0123456789abcdef"
LEFT = {"data": {"label": "sk-or-v1-012", "limit": 10, "limit_remaining": 3.25}}


def bot(folder: Path, lines: str = f"export OPENROUTER_API_KEY='{KEY}'\n") -> Target:
    file = folder / ".env"
    file.write_text(lines)
    options = Options(command=("python", "-m", "src.main"), env_file=file)
    return replace(target(), supervisor=SupervisorSpec("process", options))


async def checked(watched: Target, url: str = "", hidden: frozenset[str] = frozenset()) -> KeyFound:
    credential = Credential("openrouter", "OPENROUTER_API_KEY", url=url)
    found = await TargetKeys(SystemClock(), hidden).check(watched, credential)
    assert KEY not in repr(found)
    assert KEY[:12] not in repr(found)
    return found


async def test_a_good_key_is_accepted_and_its_quota_is_told(tmp_path: Path) -> None:
    async with serve(answer(LEFT)) as served:
        found = await checked(bot(tmp_path), served.url)
    assert (found.state, found.detail) == (KeyState.ACCEPTED, "3.25 of its quota left")


async def test_a_key_that_was_read_is_hidden_in_every_text_from_then_on(tmp_path: Path) -> None:
    plain = "correcthorsebattery"
    await checked(bot(tmp_path, f"OPENROUTER_API_KEY={plain}\n"))
    assert plain not in redact.hide(f"the target logged {plain}")


async def test_the_key_is_sent_in_its_header_and_nowhere_else(tmp_path: Path) -> None:
    requests: list[tuple[str, bytes]] = []
    async with serve(recording(requests)) as served:
        await checked(bot(tmp_path), served.url)
    ((head, body),) = requests
    assert f"authorization: bearer {KEY}" in head.lower()
    assert head.count(KEY) == 1
    assert body == b""


@pytest.mark.parametrize(
    ("status", "state", "said"),
    [
        ("401 Unauthorized", KeyState.REFUSED, "HTTP 401"),
        ("403 Forbidden", KeyState.UNKNOWN, "it lacks a right, or something stands in front"),
        ("429 Too Many Requests", KeyState.UNKNOWN, "HTTP 429"),
        ("502 Bad Gateway", KeyState.UNKNOWN, "HTTP 502"),
    ],
)
async def test_only_401_says_that_it_is_the_key(
    tmp_path: Path, status: str, state: KeyState, said: str
) -> None:
    async with serve(http(f"who is {KEY}?".encode(), status)) as served:
        found = await checked(bot(tmp_path), served.url)
    assert found.state is state
    assert said in found.detail


async def test_a_redirect_does_not_get_the_key(tmp_path: Path) -> None:
    requests: list[tuple[str, bytes]] = []
    async with (
        serve(recording(requests)) as elsewhere,
        serve(http(b"", "302 Found", Location=elsewhere.url)) as served,
    ):
        found = await checked(bot(tmp_path), served.url)
    assert found.state is KeyState.UNKNOWN
    assert requests == []


async def test_where_nobody_answers_nothing_can_be_told(tmp_path: Path) -> None:
    async with serve(http(b"")) as served:
        url = served.url
    found = await checked(bot(tmp_path), url)
    assert (found.state, found.detail) == (KeyState.UNKNOWN, "connection refused")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("DEBUG=1\nOPENROUTER_API_KEY=\n", "not set"),
        ("OPENROUTER_API_KEY=xxx\n", "less than 10 characters"),
    ],
)
async def test_one_that_is_not_there_is_missing_and_nobody_is_asked(
    tmp_path: Path, lines: str, said: str
) -> None:
    requests: list[tuple[str, bytes]] = []
    async with serve(recording(requests)) as served:
        found = await checked(bot(tmp_path, lines), served.url)
    assert found.state is KeyState.MISSING
    assert said in found.detail
    assert requests == []


async def test_without_an_address_nobody_is_asked(tmp_path: Path) -> None:
    found = await checked(bot(tmp_path))
    assert (found.state, found.detail) == (KeyState.UNKNOWN, "it is set, but no `url` says where to ask")


async def test_opsbots_own_variables_are_no_targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", KEY)
    found = await checked(bot(tmp_path, ""), hidden=frozenset({"OPENROUTER_API_KEY"}))
    assert found.state is KeyState.MISSING


async def test_of_a_target_that_others_start_its_file_must_be_named(tmp_path: Path) -> None:
    found = await checked(replace(target(), supervisor=None))
    assert found.state is KeyState.UNKNOWN
    assert "`targets.summarybot.credentials.openrouter.env_file`" in found.detail


async def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    watched = bot(tmp_path)
    (tmp_path / ".env").unlink()
    found = await checked(watched)
    assert found.state is KeyState.UNKNOWN
    assert ".env cannot be read" in found.detail
