"""The http check: what it makes of answers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from opsbot.checks.http import Options, metrics
from opsbot.domain.levels import Outcome
from opsbot.domain.sample import Observation
from tests.checks import servers
from tests.checks.servers import Handler, serve
from tests.checks.support import context, lines, look

HEALTHY = {
    "status": "healthy",
    "version": "2.0.0",
    "services": {"summarization_engine": "healthy", "claude_api": True, "cache": False},
}


async def seen_of(handler: Handler, **options: Any) -> Observation:
    async with serve(handler) as served:
        return await look("http", context(one_shot=True), **{"url": served.url, **options})


def with_services(**services: Any) -> Handler:
    return servers.answer({**HEALTHY, "services": services})


async def test_the_guides_health_answer_is_told_as_in_its_report() -> None:
    seen = await seen_of(servers.answer(HEALTHY))
    assert lines(seen) == [
        ("ok", "Health Endpoint", "HTTP 200"),
        ("ok", "API Status", "healthy, v2.0.0"),
        ("ok", "Summarization", ""),
        ("ok", "Claude API", ""),
        ("degraded", "Cache", "disabled"),
    ]
    assert seen.outcome is Outcome.DEGRADED
    assert seen.metrics["health_up"] == 1
    assert seen.metrics["health_status"] == 200
    assert seen.metrics["health_failed_services"] == 1
    assert 0 < seen.metrics["health_response_seconds"] < 10


async def test_the_daemon_sees_the_same() -> None:
    async with serve(servers.answer(HEALTHY)) as served:
        seen = await look("http", context(), url=served.url)
    assert len(seen.findings) == 5


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("healthy", "ok"), ("OK", "ok"), ("degraded", "degraded"), ("unhealthy", "fail"), ("", "fail")],
)
async def test_a_200_is_only_as_good_as_its_status(status: str, outcome: str) -> None:
    assert (await seen_of(servers.answer({"status": status}))).outcome == outcome


@pytest.mark.parametrize(
    ("services", "outcome", "line"),
    [
        ({"summarization_engine": "stopped"}, "fail", ("fail", "Summarization", "stopped")),
        ({"claude_api": False}, "degraded", ("fail", "Claude API", "unavailable")),
        ({"cache": False}, "degraded", ("degraded", "Cache", "disabled")),
        ({"vector_store": "down"}, "degraded", ("degraded", "Vector Store", "down")),
        ({"cache": {"status": "healthy"}}, "ok", ("ok", "Cache", "")),
        ({"cache": 7}, "degraded", ("degraded", "Cache", "its state is a number")),
    ],
)
async def test_each_sub_service_has_its_weight(
    services: Any, outcome: str, line: tuple[str, str, str]
) -> None:
    seen = await seen_of(with_services(**services))
    assert seen.outcome == outcome
    assert lines(seen)[-1] == line


async def test_weights_and_labels_are_configurable() -> None:
    options = {"services": {"cache": "fail", "claude_api": "ignore"}, "labels": {"cache": "Redis"}}
    seen = await seen_of(with_services(cache=False, claude_api=False), **options)
    assert lines(seen)[-1] == ("fail", "Redis", "unavailable")
    assert seen.outcome is Outcome.FAIL
    assert "Claude API" not in [label for _, label, _ in lines(seen)]


async def test_a_thousand_services_do_not_fill_the_report() -> None:
    seen = await seen_of(with_services(**{f"s{n}": False for n in range(1000)}, cache=False))
    assert len(seen.findings) <= 22
    assert ("degraded", "Cache", "disabled") in lines(seen)


BAD_BODIES = {
    "not JSON": (b"<html>", "it is not JSON"),
    "empty": (b"", "empty"),
    "NaN": (b'{"status": "healthy", "x": NaN}', "NaN"),
    "infinity": (b'{"status": "healthy", "x": -Infinity}', "-Infinity"),
    "a huge float": (b'{"status": "healthy", "x": 1e999}', "too big"),
    "a huge integer": (b'{"status": "healthy", "x": ' + b"9" * 5000 + b"}", "too big"),
    "a byte order mark": (b'\xef\xbb\xbf{"status": "healthy"}', "byte order mark"),
    "not UTF-8": (b'{"status": "\xff"}', "not UTF-8"),
    "deep nesting": (b"[" * 60_000, ""),
    "deep and closed": (b"[" * 30_000 + b"]" * 30_000, "nested too deeply"),
    "a list": (b"[]", "a list instead of an object"),
    "text": (b'"healthy"', "text instead of an object"),
    "null": (b"null", "null instead of an object"),
    "no status": (b"{}", "no `status`"),
    "a status that is no text": (b'{"status": true}', "`status` is true or false"),
    "services that are a list": (b'{"status": "healthy", "services": []}', "`services` is a list"),
}


@pytest.mark.parametrize(("body", "reason"), BAD_BODIES.values(), ids=BAD_BODIES)
async def test_a_body_of_any_shape_is_an_outcome_with_a_reason(body: bytes, reason: str) -> None:
    seen = await seen_of(servers.http(body))
    assert seen.outcome is Outcome.FAIL
    assert reason in lines(seen)[-1][2]
    assert seen.metrics["health_up"] == 0


async def test_a_wrong_content_type_explains_a_body_that_is_no_json() -> None:
    seen = await seen_of(servers.http(b"<h1>Login</h1>", kind="text/html; charset=utf-8"))
    assert "(sent as text/html)" in lines(seen)[-1][2]


async def test_too_long_a_body_fails() -> None:
    seen = await seen_of(servers.endless)
    assert "longer than 64 KiB" in lines(seen)[-1][2]


async def test_a_redirect_is_unhealthy() -> None:
    seen = await seen_of(servers.http(b"", "302 Found", Location="http://169.254.169.254/"))
    assert lines(seen) == [
        ("fail", "Health Endpoint", "HTTP 302, redirects to http://169.254.169.254/ (not followed)")
    ]


async def test_a_503_still_tells_what_the_body_says() -> None:
    body = {"status": "unhealthy", "services": {"claude_api": False}}
    seen = await seen_of(servers.answer(body, "503 Service Unavailable"))
    assert lines(seen) == [
        ("fail", "Health Endpoint", "HTTP 503"),
        ("fail", "API Status", "unhealthy"),
        ("fail", "Claude API", "unavailable"),
    ]
    assert seen.metrics["health_status"] == 503


async def test_no_answer_in_time_is_a_timeout() -> None:
    seen = await seen_of(servers.silence, timeout_seconds=0.2)
    assert seen.outcome is Outcome.TIMEOUT
    assert lines(seen) == [("timeout", "Health Endpoint", "no answer within 0.2 s")]
    assert seen.metrics == {"health_up": 0.0}


async def test_a_slow_answer_is_degraded_and_a_slower_one_fails() -> None:
    slow = await seen_of(servers.answer(HEALTHY), degraded_after=1e-9)
    assert (slow.outcome, "slow" in lines(slow)[0][2]) == (Outcome.DEGRADED, True)
    assert (
        await seen_of(servers.answer(HEALTHY), degraded_after=1e-9, fail_after=2e-9)
    ).outcome is Outcome.FAIL


async def test_a_synthetic_transaction_sends_its_secret_and_expects_values() -> None:
    got: list[tuple[str, bytes]] = []
    async with serve(servers.recording(got)) as served:
        seen = await look(
            "http",
            context(one_shot=True),
            url=served.url,
            prefix="summarize",
            title="Summarize API",
            headers={"Authorization": SecretStr("Bearer secret")},
            json={"messages": [{"role": "user", "content": "Test"}]},
            expect={"status": [200, 201], "json": {"status": "healthy"}},
        )
    ((head, body),) = got
    assert head.startswith("POST ")
    assert "Authorization: Bearer secret" in head
    assert "Content-Type: application/json" in head
    assert json.loads(body)["messages"][0]["content"] == "Test"
    assert lines(seen) == [("ok", "Summarize API", "HTTP 200")]
    assert set(seen.metrics) == {"summarize_up", "summarize_status", "summarize_response_seconds"}


async def test_an_answer_with_another_value_fails() -> None:
    options = {"prefix": "x", "expect": {"json": {"data[0].ok": True}}}
    seen = await seen_of(servers.answer({"data": [{"ok": 1}]}), **options)
    assert "`data[0].ok` is 1, not true" in seen.detail
    assert seen.outcome is Outcome.FAIL


async def test_a_path_of_the_answer_becomes_a_metric() -> None:
    options = {
        "prefix": "key",
        "metrics": {"key_left": "data.limit_remaining", "key_ok": "data.ok", "key_none": "data.name"},
    }
    seen = await seen_of(
        servers.answer({"data": {"limit_remaining": 7.5, "ok": True, "name": "x"}}), **options
    )
    assert (seen.metrics["key_left"], seen.metrics["key_ok"]) == (7.5, 1.0)
    assert "key_none" not in seen.metrics
    assert "no number at `data.name` for key_none" in seen.detail
    declared = metrics(Options(url="http://x/", **options))
    assert set(seen.metrics) < set(declared)


async def test_texts_of_a_body_are_bounded() -> None:
    seen = await seen_of(with_services(**{"x" * 5000: "y" * 5000}))
    assert all(len(text) <= 300 and len(label) <= 100 for _, label, text in lines(seen))
    assert len(seen.detail) <= 300


async def test_secrets_are_not_in_what_is_told() -> None:
    options = Options(url="http://127.0.0.1/", headers={"Authorization": SecretStr("Bearer secret")})
    assert "secret" not in repr(options) + repr(options.request())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"url": "file:///etc/passwd"}, "only http:// and https://"),
        ({"url": "gopher://x/"}, "only http:// and https://"),
        ({"url": "http://"}, "names no host"),
        ({"url": "http://me:secret@x/"}, "holds credentials"),
        ({"url": "http://x:99999/"}, "not one"),
        ({"url": "http://169.254.169.254/latest"}, "does not connect there"),
        ({"url": "http://[::ffff:169.254.169.254]/"}, "does not connect there"),
        ({"url": "http://x/", "metrics": {"Bad-Name": "a"}}, "no name of a metric"),
        ({"url": "http://x/", "metrics": {"good": "a..b"}}, "no path into JSON"),
        ({"url": "http://x/", "method": "GET", "json": {}}, "cannot be sent with GET"),
        ({"url": "http://x/", "prefix": "Bad Prefix"}, "pattern"),
        ({"url": "http://x/", "colour": "red"}, "not permitted"),
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Options(**options)
