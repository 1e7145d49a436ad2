"""Discord is away, and somebody else is told; when it is back, it hears all of it, once."""

from __future__ import annotations

from opsbot.demo.scene import TARGET
from tests.e2e.reading import text_of
from tests.e2e.stage import Stage
from tests.notifiers.receivers import WebReceiver, web_receiver


def with_fallback(stage: Stage, receiver: WebReceiver, after_minutes: float = 0.02) -> None:
    address = stage.folder / "pager"
    address.touch(0o600)
    address.write_text(f"{receiver.url}/alerts")
    stage.file.write_text(
        stage.file.read_text()
        + f"""
notifications:
  pager: {{type: webhook, url_file: "{address}"}}
  fallback: {{after_minutes: {after_minutes}, notifiers: pager}}
"""
    )


async def test_the_fallback_is_told_while_discord_is_away_and_discord_afterwards(stage: Stage) -> None:
    async with web_receiver() as receiver:
        with_fallback(stage, receiver)
        async with stage.opsbot() as running:
            await stage.sim.refuse_connections()
            old = await stage.kill()
            await stage.until(lambda: receiver.requests)
            told = receiver.requests[0].data
            assert told["incident"]["target"] == TARGET
            await stage.restarted(old)
            await stage.until(
                lambda: any(r.data["incident"]["state"] == "resolved" for r in receiver.requests)
            )
            await stage.sim.accept_connections()
            assert "resolved after" in text_of(await stage.message(1))
            await stage.until(lambda: not running.runtime.pipeline.state.notices)
        assert len(stage.of(1)) == 1


async def test_nobody_else_is_told_while_discord_takes_it(stage: Stage) -> None:
    async with web_receiver() as receiver:
        with_fallback(stage, receiver)
        async with stage.opsbot() as running:
            old = await stage.kill()
            await stage.restarted(old)
            await stage.resolved()
            await stage.until(lambda: not running.runtime.pipeline.state.notices)
        assert receiver.requests == []


def heard(receiver: WebReceiver, target: str, words: str = "") -> bool:
    """Whether it was told of an incident of that target in which these words stand."""
    told = [request.data["incident"] for request in receiver.requests]
    return any(t["target"] == target and words in t["title"] for t in told)


async def test_when_somebody_deletes_the_ops_channel_the_fallback_hears_of_it_and_of_the_alarm_at_once(
    stage: Stage,
) -> None:
    async with web_receiver() as receiver:
        with_fallback(stage, receiver, after_minutes=60)
        async with stage.opsbot():
            stage.sim.backend.delete_channel(stage.world.ops.id)
            old = await stage.kill()
            await stage.until(lambda: heard(receiver, TARGET))
            await stage.until(lambda: heard(receiver, "opsbot", "ops_channel"))
            await stage.restarted(old)


async def test_when_the_token_is_revoked_the_fallback_hears_of_it_and_of_the_alarm_at_once(
    stage: Stage,
) -> None:
    async with web_receiver() as receiver:
        with_fallback(stage, receiver, after_minutes=60)
        async with stage.opsbot():
            stage.sim.revoke_token("the new one")
            await stage.sim.gateway.close(4004)
            old = await stage.kill()
            await stage.until(lambda: heard(receiver, TARGET))
            await stage.until(lambda: heard(receiver, "opsbot", "ops_channel"))
            await stage.restarted(old)
