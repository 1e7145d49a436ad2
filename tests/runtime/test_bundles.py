"""Bundles and profiles as people ask for them: one at a time, made whatever fails, and fetched once."""

from __future__ import annotations

import asyncio
import io
import json
import tarfile
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from opsbot.charts.base import NoChart
from opsbot.diagnostics.equipment import Equipment
from opsbot.diagnostics.spy import Spy
from opsbot.domain.audit import AuditEntry
from opsbot.domain.chart import Chart
from opsbot.domain.diagnostics import Bundle, BundlePolicy, PartState
from opsbot.domain.levels import Outcome
from opsbot.domain.rule import RestartPolicy
from opsbot.domain.sample import Finding, Sample
from opsbot.engine.inputs import SampleSeen
from opsbot.errors import Refused, UsageError
from opsbot.runtime.bundles import ENDED
from tests.bound import BOUND
from tests.diagnostics.seeing import seen
from tests.redact.kinds import LOADED, planted
from tests.runtime.rig import NAME, OLGA, OTTO, Rig, World, build, changes, running


class Painter:
    """Paints nothing, and remembers what it was given; or fails as told."""

    missing = False

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.charts: list[Chart] = []

    async def paint(self, chart: Chart) -> bytes:
        self.charts.append(chart)
        if self.error is not None:
            raise self.error
        return b"a picture"


@pytest.fixture
def equipment(tmp_path: Path) -> Equipment:
    return Equipment(tmp_path / "attachments", configuration=lambda: "a: 1\n")


async def over(rig: Rig, bundle: Bundle) -> Bundle:
    """As a person sees it: looks at the machine take real time."""
    async with asyncio.timeout(BOUND):
        while not bundle.over:
            later = await rig.runtime.ops.bundles.look(bundle.number, bundle.version)
            assert later.version > bundle.version
            bundle = later
    return bundle


async def made(rig: Rig) -> tuple[Bundle, dict[str, bytes]]:
    bundle = await over(rig, await rig.runtime.ops.bundles.begin(NAME, OLGA))
    assert bundle.error == ""
    data = await rig.runtime.ops.bundles.take(bundle.number)
    assert len(data) == bundle.size
    found = {}
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive.getmembers():
            file = archive.extractfile(member)
            assert file is not None
            found[member.name.partition("/")[2]] = file.read()
    return bundle, found


def manifest(found: dict[str, bytes]) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(found["manifest.json"])
    return read


async def test_a_bundle_is_made_fetched_once_and_leaves_nothing_behind(equipment: Equipment) -> None:
    async with running(await build(World(), equipment=equipment)) as rig:
        bundle, found = await made(rig)
        assert {"health.txt", "processes.txt", "history.txt", "config.yml", "report.md"} <= set(found)
        assert {p.file for p in bundle.parts if p.state is PartState.DONE} | {"manifest.json"} == set(found)
        with pytest.raises(UsageError, match="ask for a new one"):
            await rig.runtime.ops.bundles.take(bundle.number)
        assert equipment.folder is not None
        assert list(equipment.folder.iterdir()) == []
        acts = [c for c in changes(rig) if isinstance(c, AuditEntry)]
        assert [(a.verb, a.actor, a.outcome) for a in acts if a.verb == "diagnostics"] == [
            ("diagnostics", OLGA, "allowed")
        ]


async def test_a_part_that_fails_is_named_and_the_rest_is_made(equipment: Equipment) -> None:
    def broken() -> str:
        raise RuntimeError("no such luck")

    equipment = replace(equipment, configuration=broken, painter=Painter(NoChart("It was too big.")))
    async with running(await build(World(), equipment=equipment)) as rig:
        await rig.clock.advance(20.0)
        _, found = await made(rig)
    why = {one["file"]: one["why"] for one in manifest(found)["failed"]}
    assert why["config.yml"] == "RuntimeError: no such luck"
    assert why["metrics.png"] == "It was too big"
    assert "diagnostics.profile: true" in why["stacks.txt"]
    assert "pid 1001 ended meanwhile" in why["env.txt"]
    assert "No log of summarybot is known" in why["logs.txt"]


async def test_a_part_that_hangs_costs_its_time_and_no_more(equipment: Equipment) -> None:
    hung, gate = threading.Event(), threading.Event()

    def hang() -> str:
        hung.set()
        gate.wait()
        return ""

    equipment = replace(equipment, configuration=hang)
    async with running(await build(World(), equipment=equipment)) as rig:
        begun = await rig.runtime.ops.bundles.begin(NAME, OLGA)
        assert await asyncio.to_thread(hung.wait, BOUND)
        await rig.clock.advance(16.0)
        bundle = await over(rig, begun)
        gate.set()
    assert bundle.error == ""
    (part,) = [p for p in bundle.parts if p.file == "config.yml"]
    assert (part.state, part.why) == (PartState.FAILED, "it took longer than 15 s")


async def test_one_at_a_time_for_a_target(equipment: Equipment) -> None:
    async with running(await build(World(), equipment=equipment)) as rig:
        begun = await rig.runtime.ops.bundles.begin(NAME, OLGA)
        with pytest.raises(Refused, match="is being made, asked by Olga"):
            await rig.runtime.ops.bundles.begin(NAME, OTTO)
        await over(rig, begun)
        await over(rig, await rig.runtime.ops.bundles.begin(NAME, OTTO))


async def test_what_opsbots_end_breaks_off_is_said_also_by_its_successor(equipment: Equipment) -> None:
    hung, gate = threading.Event(), threading.Event()

    def hang() -> str:
        hung.set()
        gate.wait()
        return ""

    equipment = replace(equipment, configuration=hang)
    world = World()
    first = await build(world, equipment=equipment)
    async with running(first):
        begun = await first.runtime.ops.bundles.begin(NAME, OLGA)
        assert await asyncio.to_thread(hung.wait, BOUND)
    gate.set()
    second = await build(world, equipment=equipment)
    second.runtime.go_on(first.runtime, [])
    assert (await second.runtime.ops.bundles.look(begun.number, 0)).error == ENDED


async def test_where_no_files_are_kept_and_for_no_such_target_it_is_refused() -> None:
    async with running(await build(World())) as rig:
        with pytest.raises(Refused, match="keeps no files"):
            await rig.runtime.ops.bundles.begin(NAME, OLGA)
        with pytest.raises(UsageError, match="did you mean"):
            await rig.runtime.ops.bundles.begin("sumarybot", OLGA)
        with pytest.raises(UsageError, match="ask for a new one"):
            await rig.runtime.ops.bundles.look(77, 0)


async def test_a_full_disk_is_one_clause(equipment: Equipment, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("opsbot.runtime.bundling.os.fsync", full)
    async with running(await build(World(), equipment=equipment)) as rig:
        bundle = await over(rig, await rig.runtime.ops.bundles.begin(NAME, OLGA))
        assert bundle.error == "the bundle cannot be written: No space left on device"
        assert equipment.folder is not None
        assert list(equipment.folder.iterdir()) == []


async def test_a_profile_is_refused_in_a_sentence_for_each_thing_that_it_lacks(tmp_path: Path) -> None:
    off = Equipment(tmp_path)
    missing = replace(off, policy=BundlePolicy(profile=True), spy=Spy(tmp_path / "none"))
    program = tmp_path / "py-spy"
    program.write_text("#!/bin/sh\necho 'Error: Permission denied (os error 13)' >&2; exit 1\n")
    program.chmod(0o700)
    forbidden = replace(missing, spy=Spy(program))
    world = World()
    for equipment, text in ((off, "`diagnostics.profile: true`"), (missing, "pip install")):
        async with running(await build(world, equipment=equipment)) as rig:
            with pytest.raises(Refused, match=text):
                await rig.runtime.ops.bundles.profile(NAME, 1, OLGA)
            acts = [c for c in changes(rig) if isinstance(c, AuditEntry) and c.verb == "profile"]
            assert acts[-1].outcome == "refused"
    async with running(await build(world, equipment=forbidden)) as rig:
        with pytest.raises(Refused, match="ended meanwhile"):
            await rig.runtime.ops.bundles.profile(NAME, 1, OLGA)
        for seconds in (0, 61):
            with pytest.raises(UsageError, match="1 to 60 seconds"):
                await rig.runtime.ops.bundles.profile(NAME, seconds, OLGA)


async def test_no_secret_comes_out_of_metrics_findings_incidents_or_errors(equipment: Equipment) -> None:
    """Two hundred of them, in the name of a metric, in what a check says, and in what breaks."""
    from opsbot import redact

    secrets = planted(23)
    painter = Painter(NoChart(" ".join(s.text for s in secrets[::7])))

    def broken() -> str:
        raise UsageError(" ".join(s.text for s in secrets[::3]))

    equipment = replace(equipment, painter=painter, configuration=broken)
    with redact.hidden(s.core for s in secrets if s.kind == LOADED):
        world = World(healthy=False)
        world.host.launch()
        async with running(await build(world, RestartPolicy(enabled=False), equipment=equipment)) as rig:
            for number, secret in enumerate(secrets):
                finding = Finding(Outcome.FAIL, secret.text, secret.text)
                metrics = {secret.text: float(number), "cpu_percent": 1.0}
                sample = Sample(
                    NAME, "health", rig.clock.now(), Outcome.FAIL, secret.text, metrics, (finding,)
                )
                rig.runtime.history.add(sample)
                await rig.runtime.pipeline.post(SampleSeen(sample))
                await rig.clock.advance(1.0)
            assert rig.incident.live
            for secret in secrets[::5]:
                await rig.runtime.ops.people.note(rig.incident.id, OLGA, secret.text)
            bundle, found = await made(rig)
    texts = {name: data.decode("utf-8", "replace") for name, data in found.items()}
    texts |= {"bundle": repr(bundle), "charts": repr(painter.charts)}
    assert seen(secrets, texts) == []
    assert "metrics.txt" in found
    assert painter.charts
