"""`/logs` on the real service: its own log, its own archives, in the real bot's own answers."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from opsbot.demo.faults import Fault
from opsbot.rotation import _writers
from tests.bound import BOUND
from tests.e2e.reading import custom_id, said, shown, text_of
from tests.e2e.stage import Stage

TOKEN = "glpat-" + "x1Y2" * 6
FILLING = 2000


@pytest.fixture(autouse=True)
def everybody_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine of one's own; in a container it is not so."""
    monkeypatch.setattr(_writers, "_hidden", lambda _: "")


def counted(log: Path, recipe: str) -> int:
    """What a recipe of the guide counts now."""
    done = subprocess.run(
        ["bash", "-c", recipe], cwd=log.parent, capture_output=True, text=True, timeout=BOUND, check=False
    )
    return int(done.stdout)


async def rotate(stage: Stage) -> None:
    world = stage.world
    with stage.log.open("a") as log:
        log.writelines(f"2026-01-05 15:00:00,000 - root - INFO - filling {n}\n" for n in range(FILLING))
    asked = await world.olga.slash(world.ops, "rotate")
    if "may be lost" in said(asked):  # where the file system cannot cut a log without that
        await world.olga.click(shown(asked), custom_id=custom_id(shown(asked), "Confirm"))
    await stage.sim.wait_for_message(
        world.ops, lambda m: "summarybot: rotation done" in text_of(m), timeout=BOUND
    )


async def test_what_the_service_logs_is_counted_as_the_guide_counts(stage: Stage) -> None:
    world = stage.world
    upstream = 'grep "openrouter.ai" summarybot.log | grep {} "200 OK" | wc -l'
    async with stage.opsbot():
        await stage.fault(Fault.UPSTREAM_DOWN)
        await stage.until(lambda: counted(stage.log, upstream.format("-v")) > 0)
        await stage.fault(Fault.OK)
        requests = 'grep -c "create_summary" summarybot.log'
        await stage.until(lambda: counted(stage.log, requests) > 0)
        asked = [upstream.format(""), upstream.format("-v"), requests]
        before = [counted(stage.log, recipe) for recipe in asked]
        calls = said(await world.otto.slash(world.ops, "logs api", since="all"))
        usage = said(await world.otto.slash(world.ops, "logs usage", since="all"))
        after = [counted(stage.log, recipe) for recipe in asked]
        good, bad = number(calls, "✓ **", "** succ"), number(calls, "✗ **", "** fail")
        for low, value, high in zip(before, (good, bad, number(usage, "**", "** req")), after, strict=True):
            assert low <= value <= high
        errors = said(await world.otto.slash(world.ops, "logs errors"))
        assert "APIError" in errors
        assert "claude" in errors


async def test_a_search_finds_what_a_real_rotation_archived_and_shows_no_secret(stage: Stage) -> None:
    world = stage.world
    async with stage.opsbot():
        with stage.log.open("a") as log:
            log.write(f"2026-01-05 15:00:00,000 - root - INFO - pushing with {TOKEN} and {stage.token}\n")
        await rotate(stage)
        assert "pushing with" not in stage.log.read_text()
        found = await world.otto.slash(world.ops, "logs search", pattern="pushing with", since="all")
        assert "**1** line matches" in said(found)
        assert "pushing with ••• and •••" in said(found)
        whole = await world.otto.slash(world.ops, "logs tail", lines=FILLING + 500)
        (file,) = shown(whole).attachments
        text = (stage.sim.content_of(file) or b"").decode()
        assert f"filling {FILLING - 1}" in text
        assert "pushing with ••• and •••" in text
        for secret in (TOKEN, stage.token):
            assert secret not in text + said(found) + said(whole)


async def test_a_mistake_in_a_pattern_is_one_sentence_with_the_remedy(stage: Stage) -> None:
    world = stage.world
    async with stage.opsbot(well=False):
        found = await world.otto.slash(world.ops, "logs search", pattern="a (", since="all")
        assert "is no pattern of the RE2 kind" in said(found)
        assert "choose" in said(found)


def number(text: str, before: str, after: str) -> int:
    return int(text.partition(before)[2].partition(after)[0].replace(",", ""))
