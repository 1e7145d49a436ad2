"""What the demo's scenarios show, with the real opsbot and without a page."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from opsbot.demo.play import Wishes, run_demo
from opsbot.demo.story import SCENARIOS
from tests.bound import BOUND


async def told(wishes: Wishes, *words: str) -> str:
    """What the demo prints, until all of it was said."""
    lines, news = list[str](), asyncio.Event()

    def show(text: str) -> None:
        lines.append(text)
        news.set()

    demo = asyncio.create_task(run_demo(wishes, show, lambda _: None))
    try:
        async with asyncio.timeout(3 * BOUND):
            while not all(word in "\n".join(lines) for word in words):
                news.clear()
                await news.wait()
    finally:
        demo.cancel()
        await asyncio.gather(demo, return_exceptions=True)
    return "\n".join(lines)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


async def test_what_depends_on_the_service_stands_in_its_incident() -> None:
    wishes = Wishes(page=False, scenario="shared", restart_seconds=6.0)
    text = await told(wishes, "Also affected: archive, dashboard, newsletter", "Resolved: summarybot")
    assert "3 targets depend on it" in text
    assert text.count("@Operator") == 1


async def test_what_comes_back_is_the_same_incident_and_flaps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SCENARIOS, "flapping", replace(SCENARIOS["flapping"], every=6.0))
    wishes = Wishes(page=False, scenario="flapping", restart_seconds=1.0)
    text = await told(
        wishes, "2× since", "3× since", "It comes and goes", "restart 4 within", "Nothing fires since"
    )
    assert text.count("@Operator") == 3
    assert "the thread" in text
