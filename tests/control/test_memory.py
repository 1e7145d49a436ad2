"""What is over, asked over the socket of a real runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from opsbot.control.server import serving
from tests.control.wire import answer
from tests.runtime.rig import NAME, OLGA, World, build, running


async def test_what_is_over_is_answered_by_a_real_runtime(tmp_path: Path) -> None:
    world = World()
    world.host.launch()
    rig = await build(world)
    async with running(rig):
        await rig.clock.advance(1.0)
        world.host.crash()
        await rig.until(lambda: bool(rig.state.incidents) and not rig.state.live_incidents())
        await rig.runtime.ops.pause(NAME, 60.0, "deploy", OLGA)
        await rig.clock.advance(1.0)
        async with serving(rig.runtime.ops, tmp_path):

            async def asked(verb: str, **rest: Any) -> dict[str, Any]:
                return (await answer(tmp_path, {"verb": verb, **rest}))[-1]

            assert (await asked("past", count=5, live=True))["text"] == "No open incidents."
            assert "#1 Resolved P1 summarybot" in (await asked("past", count=5))["text"]
            shown = await asked("incident", incident=1)
            assert shown["data"]["timeline"][-1]["text"].startswith("resolved")
            exported = await asked("export", incident=1)
            assert exported["data"]["name"].startswith("postmortem_incident-1_")
            assert "## Follow-ups" in exported["data"]["text"]
            report = await asked("report", period="day")
            assert report["data"]["opened"]["P1"] == 1
            assert report["data"]["automatic"] == 1
            acts = await asked("audit", count=50, who="Olga")
            assert [act["verb"] for act in acts["data"]] == ["pause"]
            newest = await asked("audit", count=1)
            assert newest["data"][0]["verb"] == "export postmortem"


async def test_what_cannot_be_asked_is_one_sentence(tmp_path: Path) -> None:
    rig = await build(World())
    async with running(rig), serving(rig.runtime.ops, tmp_path):
        for request, said in (
            ({"verb": "incident", "incident": 9}, "no incident #9"),
            ({"verb": "export", "incident": "9"}, "is a number"),
            ({"verb": "report", "period": "year"}, "`day`, a `week` or a `month`"),
            ({"verb": "audit", "count": 0}, "is a number"),
        ):
            (line,) = await answer(tmp_path, request)
            assert said in line["error"]
            assert line["exit"] == 2
