"""Each fault of the stand-in, by from tests.bound import BOUND
what somebody outside would see of it."""

import signal
import socket
from collections.abc import Callable

import pytest

from opsbot.demo.faults import FaultRefusedError, send_fault
from tests.bound import BOUND
from tests.demo_service.conftest import Start
from tests.demo_service.stand_in import StandIn, until

MB = 1024 * 1024
QUIET_SECONDS = 0.3
"""How long silence is listened to; the silence itself would last half a minute."""


def ask_for_health(service: StandIn) -> socket.socket:
    """A connection with the request sent and no answer read."""
    connection = socket.create_connection(("127.0.0.1", service.port), timeout=QUIET_SECONDS)
    connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
    return connection


def assert_silent(connection: socket.socket) -> None:
    with pytest.raises(TimeoutError):
        connection.recv(1)
    connection.settimeout(BOUND)


def test_a_crash_leaves_a_traceback_and_exit_status_1(service: StandIn) -> None:
    service.fault("crash")
    assert service.exit_status() == 1
    service.wait_for("src.main - CRITICAL - Unhandled exception.*\nTraceback")
    assert service.text().endswith("KeyError: 'channel_id'\n")


def test_a_kill_leaves_nothing(service: StandIn) -> None:
    service.fault("kill")
    assert service.exit_status() == -signal.SIGKILL
    assert "Shut" not in service.text()
    assert "CRITICAL" not in service.text()


def test_a_clean_exit_is_status_0_with_a_shutdown_line(service: StandIn) -> None:
    service.fault("exit-clean")
    assert service.exit_status() == 0
    service.wait_for("Shutdown complete")


def test_a_hanging_api_accepts_and_never_answers(service: StandIn) -> None:
    service.fault("hang")
    with ask_for_health(service) as connection:
        assert_silent(connection)
        service.wait_for("create_summary", after=len(service.text()))  # the process lives
        service.fault("ok")
        assert connection.recv(1) == b""
    assert service.health().status == 200


def test_a_hung_connection_ends_when_its_client_gives_up(service: StandIn) -> None:
    service.fault("hang")
    before = service.ps.num_threads()
    connections = [ask_for_health(service) for _ in range(10)]
    until(lambda: service.ps.num_threads() >= before + 5, "five held connections")
    for connection in connections:
        connection.close()
    until(lambda: service.ps.num_threads() <= before, "the threads to end")


def test_a_slow_health_answers_late(start: Start) -> None:
    service = start("--slow-seconds", "30")
    service.fault("slow")
    with ask_for_health(service) as connection:
        assert_silent(connection)
        service.fault("ok")
        assert connection.recv(100).startswith(b"HTTP/1.1 200 OK")


def test_a_slow_health_does_answer(start: Start) -> None:
    service = start("--slow-seconds", "0.05")
    service.fault("slow")
    assert service.health().status == 200


@pytest.mark.parametrize(("fault", "status"), [("degraded", 200), ("unhealthy", 503)])
def test_health_says_how_bad_it_is(service: StandIn, fault: str, status: int) -> None:
    service.fault(fault)
    answer = service.health()
    assert answer.status == status
    assert answer.body["status"] == fault
    assert answer.body["services"]["claude_api"] is False
    service.fault("ok")
    assert service.health().body["status"] == "healthy"


def test_a_fault_can_end_by_itself(service: StandIn) -> None:
    service.fault("unhealthy", seconds=0.1)
    until(lambda: service.health().status == 200, "health again")


def test_a_leak_grows_and_is_given_back(service: StandIn) -> None:
    assert service.health().status == 200
    before = service.ps.memory_info().rss
    service.fault("leak")
    until(lambda: service.ps.memory_info().rss > before + 3 * MB, "3 MB more")
    service.fault("ok")
    until(lambda: service.ps.memory_info().rss < before + 2 * MB, "the memory given back")


def test_a_busy_core_still_answers(service: StandIn) -> None:
    def cpu() -> float:
        return service.ps.cpu_times().user

    assert service.health().status == 200
    before = cpu()
    service.fault("burn")
    until(lambda: cpu() > before + 0.3, "0.3 s of CPU time")
    assert service.health().status == 200


def test_errors_come_at_the_rate_that_was_asked_for(service: StandIn) -> None:
    service.fault("errors", rate=500)
    until(lambda: service.text().count(" - ERROR - ") >= 50, "fifty error lines")
    service.fault("ok")
    assert service.health().status == 200


def test_a_dead_upstream_fails_in_the_log_and_not_in_health(service: StandIn) -> None:
    service.fault("upstream-down")
    service.wait_for('httpx - INFO - .*"HTTP/1.1 502 Bad Gateway"')
    service.wait_for("ERROR - Failed to summarize .*APIError: openrouter.ai answered 502")
    service.wait_for('httpx - INFO - .*"HTTP/1.1 429 Too Many Requests"')
    service.wait_for("WARNING - .*rate limit")
    assert service.health().body["status"] == "healthy"
    asked = service.request("POST", "/api/v1/summarize", {"messages": []}, Authorization="Bearer k")
    assert asked.status == 502
    service.fault("ok")
    service.wait_for('"HTTP/1.1 200 OK"', after=len(service.text()))


def refused(service: StandIn, body: object) -> str:
    answer = service.request("POST", "/_demo/fault", body)
    assert answer.status == 400
    return str(answer.body["detail"])


def test_an_order_that_cannot_be_read_is_refused_with_the_reason(service: StandIn) -> None:
    assert "JSON object" in refused(service, [])
    assert "Unknown fault 'explode'; there are: crash, kill" in refused(service, {"fault": "explode"})
    for wrong in (-1, 0, True, "5", float("nan"), 1e300):
        assert "seconds is a number" in refused(service, {"fault": "hang", "seconds": wrong})
    with pytest.raises(FaultRefusedError, match="rate is a number"):
        service.fault("errors", rate=-1)
    assert service.health().status == 200


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.parametrize(
    ("send", "error"),
    [
        (lambda: send_fault(1, "explode"), ValueError),
        (lambda: send_fault(closed_port(), "ok"), ConnectionRefusedError),
    ],
)
def test_an_order_that_reaches_nobody_raises(send: Callable[[], None], error: type[Exception]) -> None:
    with pytest.raises(error):
        send()
