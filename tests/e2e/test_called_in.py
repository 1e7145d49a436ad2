"""Discord is away, and somebody else is told; when it is back, it hears all of it, once."""

from __future__ import annotations

from opsbot.demo.scene import TARGET
from tests.e2e.reading import text_of
from tests.e2e.stage import Stage
from tests.notifiers.receivers import WebReceiver, web_receiver


def with_fallback(stage: Stage, receiver: WebReceiver) -> None:
    address = stage.folder / "pager"
    address.touch(0o600)
    address.write_text(f"{receiver.url}/alerts")
    stage.file.write_text(
        stage.file.read_text()
        + f"""
notifications:
  pager: {{type: webhook, url_file: "{address}"}}
  fallback: {{after_minutes: 0.02, notifiers: pager}}
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
