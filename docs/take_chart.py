"""Takes the README's chart from the real demo: `python docs/take_chart.py` (needs Debian's chromium).

Memory grows once a minute; the first time an admin restarts the service.
"""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

from playwright.async_api import Page
from take_picture import demo_page, shows

OUT = Path(__file__).parent / "images" / "chart.png"
SMALLER = """() => {
  const embeds = [...document.querySelectorAll('img')].filter(i => i.alt.startsWith('Embed'));
  const image = embeds[embeds.length - 1];
  const canvas = document.createElement('canvas');
  canvas.width = 800;
  canvas.height = Math.round(800 * image.naturalHeight / image.naturalWidth);
  const context = canvas.getContext('2d');
  context.imageSmoothingQuality = 'high';
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL('image/png');
}"""


async def main() -> None:
    async with demo_page("--for", "200", "--scenario", "leak", "--restart-seconds", "3") as page:
        await shows(page, "Memory is", 60)
        await page.get_by_role("button", name="Restart", exact=False).last.click()
        await page.get_by_role("button", name="Confirm", exact=False).last.click()
        await shows(page, "the last 2 min", 150)
        OUT.write_bytes(await _picture(page))


async def _picture(page: Page) -> bytes:
    """The newest chart, smaller."""
    await asyncio.sleep(3)  # it is drawn after the text
    data: str = await page.evaluate(SMALLER)
    return base64.b64decode(data.partition(",")[2])


if __name__ == "__main__":
    asyncio.run(main())
