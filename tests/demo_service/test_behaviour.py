"""The stand-in when all is well: from tests.bound import BOUND
what Summary Bot NG would show."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bound import BOUND
from tests.demo_service.conftest import Start
from tests.demo_service.stand_in import StandIn, command

LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - [a-z_.]+ - (INFO|WARNING|ERROR) - \S.*")
MESSAGES = {"messages": [{"role": "user", "content": "one"}, {"role": "user", "content": "two"}]}


def test_health_has_the_body_of_the_guide(service: StandIn) -> None:
    services = {"summarization_engine": "healthy", "claude_api": True, "cache": True}
    body = {"status": "healthy", "version": "2.0.0", "services": services}
    assert service.health() == (200, body)


def test_the_start_reads_like_the_bots_own_log(service: StandIn) -> None:
    service.wait_for(r"discord\.client - INFO - logging in using static token")
    connected = r"discord\.gateway - INFO - Shard ID None has connected to Gateway \(Session ID: \w+\)"
    service.wait_for(connected)
    ready = r"src\.discord_bot\.events - INFO - Bot is ready! Logged in as summarizer-ng#1378"
    service.wait_for(ready)
    service.wait_for(r"INFO - Synced \d+ commands")
    service.wait_for("create_summary")
    assert all(LINE.fullmatch(line) for line in service.text().splitlines())


def test_upstream_calls_are_logged_as_httpx_logs_them(service: StandIn) -> None:
    url = r"https://openrouter\.ai/api/v1/chat/completions"
    call = service.wait_for(rf'httpx - INFO - HTTP Request: POST {url} "HTTP/1\.1 200 OK"')
    service.wait_for(call.re.pattern, after=service.text().index(call[0]) + len(call[0]))
    service.wait_for(r"create_summary channel=\S+ user=\S+ messages=\d+ response_time=\d+\.\d\d\n")


def test_a_summary_is_made_for_who_has_a_key(service: StandIn) -> None:
    path = "/api/v1/summarize"
    assert service.request("POST", path, MESSAGES).status == 401
    assert service.request("POST", path, MESSAGES, Authorization="Basic k").status == 401
    answer = service.request("POST", path, MESSAGES, Authorization="Bearer k")
    assert (answer.status, answer.body["message_count"]) == (200, 2)
    service.wait_for("create_summary channel=.* messages=2 response_time=")


@pytest.mark.parametrize("body", [None, [], {"messages": "hello"}])
def test_a_body_without_messages_is_refused(service: StandIn, body: object) -> None:
    answer = service.request("POST", "/api/v1/summarize", body, Authorization="Bearer k")
    assert answer.status == 422


def test_other_paths_and_methods_are_refused(service: StandIn) -> None:
    assert service.request("GET", "/nothing").status == 404
    assert service.request("POST", "/health").status == 405


def test_sigterm_says_goodbye_and_exits_0(service: StandIn) -> None:
    service.wait_for("create_summary")
    service.process.send_signal(signal.SIGTERM)
    assert service.exit_status() == 0
    assert service.text().endswith("src.main - INFO - Shutdown complete\n")


def test_sigterm_also_ends_a_start_that_takes_its_time(start: Start) -> None:
    service = start("--start-delay", "60")
    service.wait_for("Starting Summary Bot NG")
    service.process.send_signal(signal.SIGTERM)
    assert service.exit_status() == 0
    assert "listening" not in service.text()


def test_it_can_ignore_sigterm(start: Start) -> None:
    service = start("--ignore-sigterm")
    assert service.health().status == 200
    service.process.send_signal(signal.SIGTERM)
    service.wait_for("SIGTERM ignored")
    assert service.health().status == 200


@pytest.mark.parametrize(("mode", "follows"), [("filehandler", False), ("watched", True)])
def test_after_a_rename_only_the_watched_mode_opens_the_name_again(
    start: Start, tmp_path: Path, mode: str, follows: bool
) -> None:
    service = start("--write-mode", mode, "--upstream-every", "0.02")
    service.wait_for("create_summary")
    renamed = service.log.rename(tmp_path / "renamed.log")
    before = renamed.stat().st_size
    if follows:
        service.wait_for("create_summary")
    else:
        service.log = renamed
        service.wait_for("create_summary", after=before)


def test_the_log_can_go_to_stdout() -> None:
    argv = command("--port", "0", "--log-to", "stdout")
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "Starting Summary Bot NG" in process.stdout.readline()
        process.terminate()
        assert process.stdout.read().endswith("Shutdown complete\n")
    assert process.returncode == 0


def test_the_same_seed_gives_the_same_session(start: Start) -> None:
    session = r"Session ID: (\w+)"
    pair = [start("--seed", "3"), start("--seed", "3"), start("--seed", "4")]
    first, second, other = (service.wait_for(session)[1] for service in pair)
    assert first == second != other


def test_a_taken_port_is_one_line_in_the_log(service: StandIn, start: Start) -> None:
    second = start("--port", str(service.port))
    assert second.exit_status() == 1
    second.wait_for(r"ERROR - Cannot serve on port \d+: .*in use")
    assert "Traceback" not in second.text()


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--log", "/nonexistent/bot.log"], "Cannot write the log /nonexistent/bot.log"),
        ([], "--log FILE is needed"),
        (["--log", "x", "--gateway", "nowhere"], "HOST:PORT is needed"),
        (["--log", "x", "--upstream-every", "0"], "above 0 is needed"),
    ],
)
def test_a_wrong_command_line_is_said_in_a_sentence(args: list[str], says: str) -> None:
    done = subprocess.run(command(*args), capture_output=True, text=True, timeout=BOUND)
    assert done.returncode in (1, 2)
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_it_starts_without_the_slow_modules() -> None:
    slow = {"asyncio", "aiohttp", "discord", "http.client", "inspect", "pathlib", "psutil"}
    code = f"import sys, opsbot.demo.service; print({slow!r} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr
