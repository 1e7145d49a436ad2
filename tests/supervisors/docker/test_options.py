"""Which container, and which engine: only what is safe is taken."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import ValidationError

from opsbot.supervisors.docker import Options


@pytest.mark.parametrize("name", ["bot", "summary_bot-1", "a", "app.web", "4f2c9b7d11aa", "x" * 255])
def test_names_and_ids_of_containers_are_taken(name: str) -> None:
    assert Options(container=name).container == name


@pytest.mark.parametrize(
    "name", ["", "../bot", "bot/../../info", "a b", "-rm", "bot?force=1", "bot#", "b%2e", "bot\n", "x" * 256]
)
def test_what_is_no_name_of_a_container_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="docker ps"):
        Options(container=name)


@pytest.mark.parametrize(
    ("url", "used"),
    [
        ("unix:///run/podman/podman.sock", "unix:///run/podman/podman.sock"),
        ("tcp://127.0.0.1:2375", "http://127.0.0.1:2375"),
        ("tcp://localhost", "http://localhost:2375"),
        ("http://[::1]:9000", "http://[::1]:9000"),
    ],
)
def test_engines_of_this_machine_are_taken(url: str, used: str) -> None:
    assert Options(container="bot", url=url).url == used


@pytest.mark.parametrize(
    "url",
    [
        "tcp://10.0.0.7:2375",
        "tcp://docker.example:2375",
        "https://127.0.0.1:2376",
        "ssh://root@host",
        "http://127.0.0.1@evil.example:2375",
        "http://user:word@127.0.0.1:2375",
        "http://127.0.0.1:2375/v1.41/../x",
        "unix://docker.sock",
        "unix:///",
        "",
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="no engine on this machine"):
        Options(container="bot", url=url)


def test_the_engine_is_the_one_that_the_docker_command_would_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    assert Options(container="bot").url == "unix:///var/run/docker.sock"
    monkeypatch.setenv("DOCKER_HOST", "unix:///run/other.sock")
    assert Options(container="bot").url == "unix:///run/other.sock"
    assert Options(container="bot", url="unix:///run/mine.sock").url == "unix:///run/mine.sock"


def test_an_engine_elsewhere_in_docker_host_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "ssh://root@host")
    with pytest.raises(ValidationError, match="DOCKER_HOST"):
        Options(container="bot")


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiodocker", None)
    with pytest.raises(ValidationError, match=r"pip install 'opsbot\[docker\]'"):
        Options(container="bot")


def test_the_extra_costs_nothing_until_a_container_is_supervised() -> None:
    code = "import sys, opsbot.supervisors.docker; print('aiodocker' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
