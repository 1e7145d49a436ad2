"""A real Chromium for the tests of the live page."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import async_playwright

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def require_chromium() -> None:
    """Skip where there is no Chromium; fail where the whole suite is demanded."""
    if CHROMIUM.exists():
        return
    message = f"needs {CHROMIUM} (Debian: apt install chromium)"
    if os.environ.get("OPSBOT_TEST_REQUIRE_ALL") == "1":
        pytest.fail(message)
    pytest.skip(message)


@asynccontextmanager
async def browser_page(url: str) -> AsyncIterator[Any]:
    """A Playwright page that shows `url`."""
    require_chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        try:
            page = await browser.new_page(viewport={"width": 1200, "height": 900})
            await page.goto(url)
            yield page
        finally:
            await browser.close()
