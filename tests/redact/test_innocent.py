"""What is no secret is left as it is: lines of the guide, ids, hashes, addresses, sentences about secrets."""

from __future__ import annotations

import hashlib
import random
import uuid

import pytest

from opsbot.text import printable

LINES = """\
2026-01-05 15:04:21,123 - src.main - INFO - Starting Summary Bot NG v2.0.0 (pid 30061)
2026-01-05 15:04:21,123 - discord.client - INFO - logging in using static token
2026-01-05 15:04:21,123 - discord.gateway - INFO - Shard ID None has connected to Gateway (Session ID: 5f1c1e9f2d).
2026-01-05 15:04:21,123 - discord.gateway - WARNING - Shard ID None heartbeat blocked for more than 10 seconds.
2026-01-05 15:04:21,123 - src.discord_bot.events - INFO - Bot is ready! Logged in as summarizer-ng#1378
2026-01-05 15:04:21,123 - src.discord_bot.commands - INFO - Synced 12 commands to guild 1378000000000000001
2026-01-05 15:04:21,123 - httpx - INFO - HTTP Request: POST https://openrouter.ai/api/v1/chat/completions "HTTP/1.1 200 OK"
2026-01-05 15:04:21,123 - src.summarization.engine - INFO - create_summary channel=dev user=ada messages=12 response_time=1.93
2026-01-05 15:04:21,123 - src.summarization.claude_client - INFO - Normalized model anthropic/claude-3.5-sonnet-20241022
2026-01-05 15:04:21,123 - src.summarization.claude_client - INFO - usage: input_tokens=512 max_tokens=4096 total tokens: 812
2026-01-05 15:04:21,123 - src.main - ERROR - Invalid token: please check the configuration
2026-01-05 15:04:21,123 - src.main - ERROR - OPENROUTER_API_KEY is not set (api_key=None)
2026-01-05 15:04:21,123 - src.main - ERROR - Discord token: invalid
2026-01-05 15:04:21,123 - src.main - WARNING - password: ${DB_PASSWORD} is not expanded; token_file: /run/secrets/token
2026-01-05 15:04:21,123 - src.main - WARNING - basic authentication is not bearer authentication
2026-01-05 15:04:21,123 - src.main - INFO - tests pass: 12, fail: 3; author: Ada; oauth: no; monkey=1; keyboard: us
2026-01-05 15:04:21,123 - src.main - INFO - PWD=/home/bob OLDPWD=/home disk-usage-of-2026-partition: 81% risk-assessment-level-1
2026-01-05 15:04:21,123 - src.cache - INFO - cache key-5d41402abc4b2a76b9719d911017c592 hit, etag "33a64df551425fcc55e4d42a148795d9f25f89d4"
2026-01-05 15:04:21,123 - src.main - INFO - image sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
2026-01-05 15:04:21,123 - src.main - INFO - GET https://example.com/a%20b/c?q=100%25&page=2#top user@example.com
2026-01-05 15:04:21,123 - src.main - INFO - Nightly_channel_summaries.worker.handle_the_request_of_a_channel done
  File "/workspaces/summarybot-ng/src/summarization/claude_client.py", line 214, in create_summary
    raise APIError(f"openrouter.ai answered {status}")
src.exceptions.APIError: openrouter.ai answered 502 Bad Gateway
""".splitlines()  # noqa: E501 - lines of a log


@pytest.mark.parametrize("line", LINES)
def test_an_ordinary_line_is_left_as_it_is(line: str) -> None:
    assert printable(line) == line


def test_ids_hashes_and_uuids_are_left_as_they_are() -> None:
    rng = random.Random(5)
    for _ in range(3000):
        data = rng.randbytes(rng.randrange(1, 64))
        words = [
            str(rng.randrange(10**16, 10**19)),
            str(uuid.UUID(bytes=rng.randbytes(16))),
            uuid.UUID(bytes=rng.randbytes(16)).hex,
            hashlib.md5(data, usedforsecurity=False).hexdigest(),
            hashlib.sha1(data, usedforsecurity=False).hexdigest(),
            hashlib.sha256(data).hexdigest().upper(),
            hashlib.sha512(data).hexdigest(),
            f"<@{rng.randrange(10**16, 10**19)}>",
            f"10.0.{rng.randrange(256)}.{rng.randrange(256)}:{rng.randrange(65536)}",
            f"{rng.random():.6f}ms",
        ]
        rng.shuffle(words)
        text = " ".join(words) + " " + "/".join(words[:3])
        assert printable(text) == text


def test_images_and_other_data_in_base64_are_left_as_they_are() -> None:
    import base64

    rng = random.Random(6)
    for _ in range(500):
        text = f"data:image/png;base64,{base64.b64encode(rng.randbytes(rng.randrange(15, 400))).decode()}"
        assert printable(text) == text
