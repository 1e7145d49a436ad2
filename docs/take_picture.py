"""Takes the README's pictures from the real demo: `python docs/take_picture.py` (needs Debian's chromium).

The ops channel is shown by one demo, the incident's thread by another: a page shows one channel.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

from opsbot.demo import play
from opsbot.demo.discord_sim import SimulatedDiscord

IMAGES = Path(__file__).parent / "images"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
LEFT, TOP, WIDTH = 256, 78, 704
"""The channel: what lies around it is the simulation's own frame."""

CHIP = "#1 · summarybot"
"""The thread, below its message."""

REASON = "I look: it began with the deploy"


UNCUT = """box => {
  const dialog = box.closest('dialog, [role=dialog]');
  for (let e = box.parentElement; e !== dialog; e = e.parentElement) e.style.overflow = 'visible';
}"""
"""The page's dialog is a few pixels too low for what is in it."""


@asynccontextmanager
async def demo_page(*words: str) -> AsyncIterator[Page]:
    """The page of a demo that runs with these words of its command line."""
    demo = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "opsbot", "demo", *words), stdout=asyncio.subprocess.PIPE
    )
    try:
        url = await address(demo)
        async with _browser() as browser:
            yield await _opened(browser, url)
    finally:
        demo.terminate()
        await demo.wait()


async def main() -> None:
    async with demo_page("--for", "60") as page:
        await shows(page, CHIP)
        await take(page, "incident-1-open.png", until=CHIP)
        await page.get_by_role("button", name="Acknowledge", exact=False).last.click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_role("textbox").fill(REASON)
        await dialog.get_by_role("textbox").evaluate(UNCUT)
        kept("incident-2-acknowledge.png", await dialog.screenshot())
        await dialog.get_by_role("button", name="Submit").click()
        await shows(page, "Acknowledged by")
        await take(page, "alert.png", until=CHIP)
        await shows(page, "Postmortem")
        await page.get_by_label("Viewing as").select_option(label="Vera (viewer)")
        await take(page, "incident-3-resolved.png", until="Resolved: ")
    await thread()


async def thread() -> None:
    """The same once more, for its thread."""
    worlds = list[SimulatedDiscord]()
    begun = asyncio.Event()

    class Seen(SimulatedDiscord):
        async def __aenter__(self) -> Seen:
            worlds.append(await super().__aenter__())
            begun.set()
            return self

    play.SimulatedDiscord = Seen  # type: ignore[misc]
    demo = asyncio.create_task(play.run_demo(play.Wishes(page=False), _unheard, _unheard))
    await begun.wait()
    sim = worlds[0]
    try:
        await sim.wait_for(lambda: sim.world.ops.threads, 60)
        alert = sim.messages(sim.world.ops)[0]
        async with sim.page(sim.world.ops.threads[0], sim.world.people) as served, _browser() as browser:
            page = await _opened(browser, served.url)
            asked = await sim.world.olga.click(alert, custom_id="opsbot:ack:1")
            await sim.world.olga.submit_modal(asked, {"why": REASON})
            await shows(page, "Postmortem", 60)
            await asyncio.sleep(1)
            await take(page, "incident-4-thread.png", until="postmortem_incident", below=40.0)
    finally:
        demo.cancel()
        await asyncio.gather(demo, return_exceptions=True)


async def take(page: Page, name: str, *, until: str, below: float = 16.0) -> None:
    """The channel from its top down to `below` pixels under the last text `until`."""
    await page.mouse.move(10, 10)
    await asyncio.sleep(1)
    box = await page.get_by_text(until).last.bounding_box()
    assert box is not None
    height = box["y"] + box["height"] + below - TOP
    clip = {"x": LEFT, "y": TOP, "width": WIDTH, "height": height}
    kept(name, await page.screenshot(clip=clip))  # type: ignore[arg-type]


def kept(name: str, png: bytes) -> None:
    """With 256 colours it is a third as large, and looks the same."""
    Image.open(BytesIO(png)).convert("RGB").quantize(256).save(IMAGES / name, optimize=True)


@asynccontextmanager
async def _browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        await browser.close()


async def _opened(browser: Browser, url: str) -> Page:
    page = await browser.new_page(viewport={"width": 960, "height": 2600})  # nothing scrolls away
    await page.goto(url)
    return page


def _unheard(_: str) -> None:
    """What the demo tells is not asked for."""


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
