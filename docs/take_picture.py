"""Takes the README's picture from the real demo: `python docs/take_picture.py` (needs Debian's chromium)."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Page, async_playwright

OUT = Path(__file__).parent / "images" / "alert.png"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
CLIP = {"x": 256, "y": 78, "width": 704, "height": 660}  # the channel, without the simulation's own frame


@asynccontextmanager
async def demo_page(*words: str) -> AsyncIterator[Page]:
    """The page of a demo that runs with these words of its command line."""
    demo = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "opsbot", "demo", *words), stdout=asyncio.subprocess.PIPE
    )
    try:
        url = await address(demo)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
            page = await browser.new_page(viewport={"width": 960, "height": 980})
            await page.goto(url)
            yield page
            await browser.close()
    finally:
        demo.terminate()
        await demo.wait()


async def main() -> None:
    async with demo_page("--for", "45") as page:
        await shows(page, "Restarting it")
        await page.get_by_role("button", name="Acknowledge", exact=False).last.click()
        await shows(page, "Acknowledged by")
        await page.mouse.move(10, 10)
        await page.screenshot(path=str(OUT), clip=CLIP)  # type: ignore[arg-type]


async def address(demo: asyncio.subprocess.Process) -> str:
    assert demo.stdout is not None
    while line := (await demo.stdout.readline()).decode():
        if found := re.search(r"http://\S+", line):
            return found[0]
    raise SystemExit("the demo did not start")


async def shows(page: Page, text: str, seconds: float = 30) -> None:
    """Waits by asking: the page's content security policy forbids `wait_for_function`."""
    async with asyncio.timeout(seconds):
        while text not in await page.evaluate("document.body.innerText"):
            await asyncio.sleep(0.1)


if __name__ == "__main__":
    asyncio.run(main())
