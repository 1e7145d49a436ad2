"""Buckets: what they let through, what their headers say, and that discord.py keeps to them."""

from __future__ import annotations

import asyncio

import aiohttp

from opsbot.demo.discord_sim import SimulatedDiscord
from opsbot.demo.discord_sim.ratelimits import RateLimits, Verdict
from tests.demo.bots import ops
from tests.sim import plain_bot, running

CHANNEL, OTHER = "/channels/100000000000000001", "/channels/100000000000000002"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def take(limits: RateLimits, path: str, method: str = "POST") -> Verdict:
    return limits.take(method, path, counts_globally=True)


def test_the_sixth_message_of_five_seconds_is_refused_until_the_window_ends() -> None:
    clock = Clock()
    limits = RateLimits(clock)
    for left in (4, 3, 2, 1, 0):
        headers = take(limits, f"{CHANNEL}/messages").headers
        assert headers["X-RateLimit-Remaining"] == str(left)
    clock.now += 2.0
    refused = take(limits, f"{CHANNEL}/messages")
    assert not refused.allowed
    assert refused.retry_after == 3.0
    assert not refused.is_global
    clock.now += 3.0
    assert take(limits, f"{CHANNEL}/messages").allowed


def test_channels_and_methods_have_buckets_of_their_own() -> None:
    limits = RateLimits(Clock())
    for _ in range(5):
        take(limits, f"{CHANNEL}/messages")
    assert take(limits, f"{OTHER}/messages").allowed
    assert take(limits, f"{CHANNEL}/messages/100000000000000003", "PATCH").allowed
    same = [take(limits, f"{c}/messages").headers["X-RateLimit-Bucket"] for c in (CHANNEL, OTHER)]
    assert same[0] == same[1]


def test_the_51st_request_of_a_second_hits_the_global_limit() -> None:
    limits = RateLimits(Clock())
    verdicts = [take(limits, f"/guilds/{10**17 + n}", "GET") for n in range(51)]
    assert all(verdict.allowed for verdict in verdicts[:50])
    assert verdicts[50].is_global
    assert verdicts[50].headers["X-RateLimit-Global"] == "true"


def test_answers_to_interactions_are_not_limited() -> None:
    limits = RateLimits(Clock())
    verdicts = [limits.take("POST", "/interactions/1/t/callback", counts_globally=False)] * 100
    assert all(verdict.allowed for verdict in verdicts)


def test_a_channel_is_renamed_twice_in_ten_minutes() -> None:
    clock = Clock()
    limits = RateLimits(clock)
    assert [limits.take_rename(CHANNEL).allowed for _ in range(3)] == [True, True, False]
    clock.now += 600
    assert limits.take_rename(CHANNEL).allowed


async def test_discord_py_reads_the_headers_and_waits_before_it_is_refused(
    sim: SimulatedDiscord,
) -> None:
    sim.rate_limits.set("POST", "/channels/*/messages", limit=2, per=0.3)
    async with running(plain_bot()) as bot:
        for number in range(4):
            await ops(bot, sim).send(str(number))
    sent = sim.requests.of("POST", "/channels/*/messages")
    assert [request.status for request in sent] == [200] * 4
    assert sent[2].at - sent[0].at >= 0.3


async def test_who_does_not_wait_gets_429_with_retry_after(sim: SimulatedDiscord) -> None:
    sim.rate_limits.set("GET", "/users/@me", limit=1, per=60)
    headers = {"Authorization": f"Bot {sim.token}"}
    async with aiohttp.ClientSession(headers=headers) as http:
        answers = await asyncio.gather(*(http.get(f"{sim.rest_url}/users/@me") for _ in range(2)))
        refused = answers[1]
        assert [answer.status for answer in answers] == [200, 429]
        assert 59 < (await refused.json())["retry_after"] <= 60
        assert refused.headers["Via"]
        assert refused.content_type == "application/json"
    assert sim.rest.invalid_requests == 1
