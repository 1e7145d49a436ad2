"""Two hundred secrets of twenty kinds in every place that a bundle is made of: none of them comes out."""

from __future__ import annotations

import json
import random
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.bound import BOUND
from tests.cli.commands import Result, argv, environ
from tests.diagnostics.seeing import manifest, members, seen, texts_of
from tests.e2e.processes import kill_all
from tests.redact.kinds import LOADED, planted
from tests.redact.test_two_hundred import as_json, behind_something_in_base64, in_base64, percent

SECRETS = planted(11)
STAMP = "2026-01-05 15:04:21,123 - src.main - ERROR - "
SERVICE = Path(__file__).parent / "leaky.py"


@dataclass(frozen=True)
class Leaky:
    """A folder with the service, its log and a configuration, all full of secrets."""

    folder: Path
    env: dict[str, str]

    @property
    def file(self) -> Path:
        return self.folder / "opsbot.yml"

    def opsbot(self, *words: str) -> Result:
        return subprocess.run(
            argv(*words, "-c", str(self.file)),
            cwd=self.folder,
            env=environ(**self.env),
            capture_output=True,
            text=True,
            timeout=BOUND * 2,
        )

    @contextmanager
    def running(self) -> Iterator[Path]:
        """opsbot runs; yields its log."""
        log = self.folder / "opsbot.log"
        with log.open("wb") as file:
            child = subprocess.Popen(
                argv("run", "-c", str(self.file)),
                cwd=self.folder,
                env=environ(**self.env, PYTHONUNBUFFERED="1"),
                stdout=file,
                stderr=subprocess.STDOUT,
            )
            try:
                yield log
            finally:
                child.terminate()
                child.wait(BOUND)


def lines() -> Iterator[str]:
    for secret in SECRETS:
        yield f"{STAMP}{secret.text} {in_base64(secret.text)} {percent(secret.text)} {as_json(secret.text)}"
        behind = behind_something_in_base64(secret.text)
        yield f"{STAMP}GET https://api.example.com/?q={quote(secret.text)} {behind}"


@pytest.fixture(scope="module")
def leaky(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Leaky]:
    folder = tmp_path_factory.mktemp("leaky")
    texts = [secret.text for secret in SECRETS]
    random.Random(3).shuffle(texts)
    (folder / "planted.json").write_text(json.dumps(texts))
    (folder / "bot.log").write_text("\n".join(lines()) + "\n")
    env = {f"SETTING_{n}": s.text for n, s in enumerate(SECRETS) if s.kind != LOADED}
    env |= {f"APP_{n}_TOKEN": s.core for n, s in enumerate(SECRETS) if s.kind == LOADED}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, str(SERVICE), str(port), str(folder / "bot.log"), str(folder / "planted.json")]
    token = next(secret.core for secret in SECRETS if secret.kind == "GitHub token")
    check = {"type": "http", "url": f"http://127.0.0.1:{port}/health?key={token}", "interval_seconds": 0.5}
    config = {
        "state_dir": str(folder / "state"),
        "diagnostics": {"profile": True, "environment": [*env]},
        "targets": {
            "bot": {
                "title": f"Bot {token}",
                "labels": {f"note{n}": text for n, text in enumerate(texts)},
                "supervisor": {
                    "type": "process",
                    "command": [*command, *texts],
                    "log": str(folder / "bot.log"),
                    "env": {f"OTHER_{n}": text for n, text in enumerate(texts)},
                },
                "restart": {"enabled": False, "start_timeout_seconds": 1, "start_grace_seconds": 0},
                "checks": {
                    "process": {"type": "process", "interval_seconds": 0.5},
                    "health": check,
                    "log": {"type": "log", "path": str(folder / "bot.log")},
                },
            }
        },
    }
    (folder / "opsbot.yml").write_text(json.dumps(config, indent=1))  # JSON is YAML
    yield Leaky(folder, env)
    kill_all(folder, children=False)


@pytest.mark.timeout(240)
def test_nothing_is_seen_in_what_a_command_makes_prints_or_logs(leaky: Leaky) -> None:
    started = leaky.opsbot("start", "--reason", SECRETS[0].text)
    done = leaky.opsbot("diagnostics", "-o", "out")
    assert done.returncode == 0, done.stderr
    (bundle,) = (leaky.folder / "out").glob("*.tar.gz")
    found = members(bundle)
    assert {"logs.txt", "env.txt", "processes.txt", "config.yml", "stacks.txt", "report.md"} <= set(found)
    assert b"SETTING_3=" in found["env.txt"]
    assert found["logs.txt"].count(STAMP.encode()) >= 350
    texts = texts_of(bundle)
    for name, result in {"start": started, "diagnostics": done}.items():
        texts |= {f"{name} stdout": result.stdout, f"{name} stderr": result.stderr}
    assert seen(SECRETS, texts) == []
    hidden = {part["file"]: sum(part["hidden"].values()) for part in manifest(bundle)["parts"]}
    assert hidden["logs.txt"] >= 1000
    assert hidden["env.txt"] >= 180
    assert hidden["processes.txt"] >= 0


@pytest.mark.timeout(240)
def test_nothing_is_seen_in_the_bundle_of_an_incident_nor_in_opsbots_own_log(leaky: Leaky) -> None:
    attachments = leaky.folder / "state" / "attachments"
    with leaky.running() as log:
        for _ in range(600):
            made = list(attachments.glob("diagnostics_*")) if attachments.exists() else []
            if made:
                break
            _wait_for_a_change()
        reason = next(secret.text for secret in SECRETS if secret.kind == "JWT")
        paused = leaky.opsbot("pause", "--minutes", "5", "--reason", reason)
        listed = leaky.opsbot("incidents")
        profiled = leaky.opsbot("profile", "--seconds", "1")
        beside = leaky.opsbot("diagnostics", "-o", "beside")
    assert made
    assert beside.returncode == 0, beside.stderr
    texts = {"log": log.read_text()}
    for bundle in (*made, *(leaky.folder / "beside").glob("*.tar.gz")):
        texts |= texts_of(bundle)
    for number, result in enumerate((paused, listed, profiled, beside)):
        texts |= {f"{number} stdout": result.stdout, f"{number} stderr": result.stderr}
    assert seen(SECRETS, texts) == []


def _wait_for_a_change() -> None:
    import time

    time.sleep(0.05)
