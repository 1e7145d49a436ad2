"""The demo as a newcomer sees it: a real Chromium on the real demo's page."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import pytest

from opsbot.demo.play import Wishes, run_demo
from opsbot.engine.access import REFUSAL
from tests.demo.browser import browser_page
from tests.e2e.processes import BOUND, belonging

MILLISECONDS = 1000 * BOUND

RESTART_SECONDS = 5.0
"""So long the alert stays open: two people press its button meanwhile."""


@pytest.mark.browser
async def test_the_crash_its_restart_and_its_resolve_are_shown_and_buttons_obey_who_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
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
            await page.get_by_role("dialog").get_by_role("textbox").fill("I look at it", timeout=MILLISECONDS)
            await page.get_by_role("dialog").get_by_role("button", name="Submit").click(timeout=MILLISECONDS)
            await shows(page, "is yours")
            await shows(page, "Acknowledged by")
            await shows(page, "resolved after")
            await shows(page, "Resolved: summarybot")
    finally:
        demo.cancel()
        await asyncio.gather(demo, return_exceptions=True)
    assert belonging(tmp_path, children=False) == []
    assert list(tmp_path.iterdir()) == []


async def shows(page: Any, text: str) -> None:
    """Until the page does."""
    await page.get_by_text(text).first.wait_for(timeout=MILLISECONDS)


async def press_acknowledge(page: Any, person: str) -> None:
    """As one of the people."""
    await page.get_by_label("Viewing as").select_option(label=person)
    await page.get_by_role("button", name="Acknowledge", exact=False).first.click(timeout=MILLISECONDS)
