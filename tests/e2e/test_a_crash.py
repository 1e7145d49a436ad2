"""The service crashes: the alert, the automatic restart, the resolve."""

from __future__ import annotations

from tests.e2e.reading import buttons, text_of
from tests.e2e.stage import Stage


async def test_a_killed_service_is_told_restarted_and_resolved(stage: Stage) -> None:
    async with stage.opsbot():
        old = await stage.kill()
        message = await stage.message()
        assert stage.sim.message_pings(message).roles == {stage.world.operator.id}
        assert "summarybot" in message.content
        assert "killed by SIGKILL" in text_of(message)
        new = await stage.restarted(old)
        over = await stage.resolved()
        assert over.id == message.id
        assert buttons(over) == {}
        (reply,) = stage.replies(over)
        assert stage.sim.message_pings(reply).silent
        assert "Resolved: summarybot" in reply.content
        assert stage.pids() == [new]
    assert len(stage.alarms()) == 1
    assert len(stage.of(1)) == 1
