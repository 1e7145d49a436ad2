"""Whatever somebody does, and whatever opsbot does by itself, stands in the audit."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from opsbot.domain.action import Rotate
from opsbot.domain.actor import AUTO
from opsbot.domain.audit import AuditEntry
from opsbot.domain.rule import ActionKind, RestartPolicy
from opsbot.domain.silence import Matcher
from opsbot.errors import OpsbotError
from opsbot.runtime.rotations import KeptLog
from opsbot.testing.rotation import FakeLog, FakeRotator
from opsbot.testing.store import MemoryState
from tests.runtime.rig import NAME, OLGA, OTTO, Rig, World, build, running
from tests.runtime.test_rotations import POLICY


async def rig_of(policy: RestartPolicy | None = None) -> Rig:
    world = World()
    world.host.launch()
    log = FakeLog(world.clock, size=1000)
    return await build(world, policy, rotation=KeptLog(POLICY, FakeRotator(POLICY.log, log)))


async def acts(rig: Rig) -> list[AuditEntry]:
    return await MemoryState(rig.clock, rig.world.disk).audit(10_000)


async def said(rig: Rig, actor: object) -> set[tuple[str, str]]:
    return {(act.verb, act.outcome) for act in await acts(rig) if act.actor == actor}


async def test_everything_that_people_do() -> None:
    rig = await rig_of(RestartPolicy(enabled=False))
    async with running(rig):
        ops = rig.runtime.ops
        rig.world.host.crash()
        await rig.until(lambda: bool(rig.state.live_incidents()))
        await ops.acknowledge(1, OLGA, "mine")
        with suppress(OpsbotError):
            await ops.acknowledge(1, OTTO)
        await ops.people.note(1, OLGA, "it was the disk")
        await ops.people.assign(1, OLGA, OTTO)
        for kind in (ActionKind.START, ActionKind.RESTART, ActionKind.STOP, ActionKind.START):
            action = await ops.act(NAME, kind, "because", OLGA)
            with suppress(OpsbotError):
                await ops.act(NAME, ActionKind.RESTART, "me too", OTTO)
            await rig.action_ends(action.id)
        await ops.pause(NAME, 60.0, "deploy", OLGA)
        await ops.resume(NAME, OLGA)
        rotated = await ops.rotate(NAME, "asked", OLGA, Rotate())
        await rig.action_ends(rotated.id)
        await ops.mutes.silence(Matcher((NAME,)), 600.0, "noise", OLGA)
        await ops.mutes.deploy(NAME, "v2", 60.0, OLGA)
        await ops.pause_loop("health", OLGA)
        await ops.resume_loop("health", OLGA)
        await ops.refused(OTTO, "restart", NAME, "has no role for it")
        await ops.memory.record(OLGA, "export postmortem", "incident 1")
        drill = asyncio.ensure_future(anext(aiter(ops.drill(OLGA))))
        await rig.until(drill.done)
        await rig.until(lambda: not rig.state.actions)
        await rig.clock.advance(5.0)
        olga, otto = await said(rig, OLGA), await said(rig, OTTO)
    assert {
        *{(verb, "allowed") for verb in ("acknowledge", "note", "assign", "restart", "stop", "start")},
        *{(verb, "done") for verb in ("restart", "stop", "start", "rotate_logs")},
        *{(verb, "allowed") for verb in ("pause", "resume", "rotate_logs", "silence", "deploy")},
        *{(verb, "allowed") for verb in ("pause loop", "resume loop", "export postmortem", "drill")},
    } <= olga
    assert {("acknowledge", "refused"), ("restart", "refused")} <= otto


async def test_everything_that_opsbot_does_by_itself() -> None:
    rig = await rig_of()
    async with running(rig):
        await rig.clock.advance(1.0)
        rig.world.host.crash()
        await rig.until(lambda: bool(rig.state.incidents) and not rig.state.live_incidents())
        await rig.runtime.ops.pause(NAME, 60.0, "deploy", OLGA)
        await rig.clock.advance(61.0)
        found = await said(rig, AUTO)
    assert {("restart", "allowed"), ("restart", "done"), ("resume", "allowed")} <= found


async def test_an_act_names_who_did_it_on_what_and_why() -> None:
    rig = await rig_of()
    async with running(rig):
        await rig.runtime.ops.pause(NAME, 60.0, "deploy of v2", OLGA)
    (act,) = [act for act in await acts(rig) if act.verb == "pause"]
    assert (act.actor, act.target, act.reason) == (OLGA, NAME, "deploy of v2")
