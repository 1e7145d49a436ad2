"""The demo as a newcomer sees it: a real Chromium on the real demo's page."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import pytest

from opsbot.demo import play
from opsbot.demo.discord_sim import SimulatedDiscord
from opsbot.demo.play import Wishes, run_demo
from opsbot.draw.incident import OVER
from opsbot.engine.access import REFUSAL
from tests.bound import BOUND
from tests.demo.browser import browser_page
from tests.e2e.processes import belonging

MILLISECONDS = 1000 * BOUND

RESTART_SECONDS = 5.0
"""So long the alert stays open: two people press its button meanwhile."""


@pytest.mark.browser
async def test_the_crash_its_restart_and_its_resolve_are_shown_and_buttons_obey_who_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    discords = seen(monkeypatch)
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    wishes = Wishes(restart_seconds=RESTART_SECONDS)
    demo = asyncio.create_task(run_demo(wishes, lambda _: None, address.set_result))
    try:
        async with asyncio.timeout(2 * BOUND), browser_page(await address) as page:
            await shows(page, "The process is not running.")
            await shows(page, "Restarting it")
            await press_acknowledge(page, "Bob")
            await shows(page, REFUSAL)
            await press_acknowledge(page, "Olga (admin)")
            await page.get_by_role("dialog").get_by_role("button", name="Submit").click(timeout=MILLISECONDS)
            await shows(page, "is yours")
            await shows(page, "Acknowledged by")
            await shows(page, "resolved after")
            await shows(page, "Resolved: summarybot")
            await told_in_its_thread(*discords)
    finally:
        demo.cancel()
        await asyncio.gather(demo, return_exceptions=True)
    assert belonging(tmp_path, children=False) == []
    assert list(tmp_path.iterdir()) == []


def seen(monkeypatch: pytest.MonkeyPatch) -> list[SimulatedDiscord]:
    """The Discord of the demo, once there is one."""
    made = list[SimulatedDiscord]()

    class Seen(SimulatedDiscord):
        def __init__(self) -> None:
            super().__init__()
            made.append(self)

    monkeypatch.setattr(play, "SimulatedDiscord", Seen)
    return made


async def told_in_its_thread(sim: SimulatedDiscord) -> None:
    """What the page shows only as a line: the timeline with the postmortem; and that its end pings nobody."""
    (thread,) = sim.world.ops.threads
    assert (thread.name or "").startswith("#1 · summarybot")
    with_files = await sim.wait_for(lambda: [m for m in sim.messages(thread.id) if "ostmortem" in m.content])
    assert with_files[0].attachments[0].filename.startswith("postmortem_incident-1_")
    assert any("acknowledged" in m.content for m in sim.messages(thread.id))
    alarm, *_ = [m for m in sim.messages(sim.world.ops) if m.embeds]
    (end,) = [m for m in sim.messages(sim.world.ops) if m.content.startswith(OVER)]
    assert sim.message_pings(alarm).roles == {sim.world.operator.id}
    assert sim.message_pings(end).nobody
    assert end.flags.silent
    assert end.reference is not None
    assert end.reference.message_id == alarm.id


async def shows(page: Any, text: str) -> None:
    """Until the page does."""
    await page.get_by_text(text).first.wait_for(timeout=MILLISECONDS)


async def press_acknowledge(page: Any, person: str) -> None:
    """As one of the people."""
    await page.get_by_label("Viewing as").select_option(label=person)
    await page.get_by_role("button", name="Acknowledge", exact=False).first.click(timeout=MILLISECONDS)
