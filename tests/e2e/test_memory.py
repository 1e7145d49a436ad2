"""What is over, in the whole: the postmortem in the incident's thread, the report, the audit."""

from __future__ import annotations

import discord

from tests.e2e.reading import said
from tests.e2e.stage import Stage


def postmortems(stage: Stage, thread: int) -> list[discord.Attachment]:
    """Those that were posted in a thread."""
    files = [file for message in stage.sim.messages(thread) for file in message.attachments]
    return [file for file in files if file.filename.startswith("postmortem_")]


async def test_an_incident_that_is_over_is_told_whole(stage: Stage) -> None:
    async with stage.opsbot() as running:
        old = await stage.kill()
        await stage.restarted(old)
        message = await stage.resolved()
        await stage.until(lambda: postmortems(stage, message.id))
        (file,) = postmortems(stage, message.id)
        text = (stage.sim.content_of(file) or b"").decode()
        assert text.startswith("# Incident 1: ")
        assert "killed by SIGKILL" in text
        assert "Restarts: 1 automatic, 0 by people, 0 failed." in text
        (kept,) = (stage.state / "attachments").glob("postmortem_*")
        assert kept.name == file.filename

        await stage.until_well(running)
        report = said(await stage.world.vera.slash(stage.world.ops, "report", period="day"))
        assert "P1: 1" in report
        assert "1 automatic, 0 by people, 0 failed" in report
        audit = said(await stage.world.olga.slash(stage.world.ops, "audit", who="opsbot"))
        assert "restart" in audit
    async with stage.opsbot():
        assert len(postmortems(stage, message.id)) == 1
