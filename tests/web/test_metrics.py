"""What /metrics says of targets, alerts and opsbot itself: a real runtime, asked over a real socket."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import replace

import pytest

from opsbot import __version__
from opsbot.domain.levels import Outcome
from opsbot.domain.rule import ActionKind
from opsbot.engine.inputs import OwnTrouble, SampleSeen
from opsbot.engine.own import WEB_RULE
from opsbot.errors import DeliveryError
from opsbot.testing.notifier import RecordingNotifier
from tests.runtime.rig import NAME, OLGA, World, build, sample
from tests.web.desk import Desk, desk
from tests.web.promtool import promtool

MEASURED = {"cpu_percent": 42.5, "rss_bytes": 1e8, "log_errors_total": 7.0}


async def measured(at: Desk, **metrics: float) -> None:
    """A check saw this, and no look comes after it."""
    at.rig.runtime.scheduler.pause_loop("performance")
    await at.rig.clock.settle()
    await at.rig.runtime.pipeline.post(SampleSeen(sample("process", Outcome.OK, at.rig.clock, **metrics)))


async def test_the_newest_value_of_every_metric_stands_there_in_base_units() -> None:
    async with desk(await build(World())) as at:
        await measured(at, **MEASURED)
        found = await at.get()
        assert found.status == 200
        assert found.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert found.value("opsbot_target_cpu_ratio", target=NAME) == 0.425
        assert found.value("opsbot_target_rss_bytes", target=NAME) == 1e8
        assert found.value("opsbot_target_log_errors_total", target=NAME) == 7.0
        assert "# TYPE opsbot_target_log_errors_total counter" in found.text
        assert "% of one core" in found.text, "the check says what it means"


async def test_a_value_that_nobody_saw_of_late_is_not_shown_as_if_it_were_new() -> None:
    async with desk(await build(World())) as at:
        await measured(at, **MEASURED)
        looked = at.rig.clock.now().wall
        await at.rig.clock.advance(60.0)
        found = await at.get()
        assert found.value("opsbot_target_cpu_ratio", target=NAME) is None
        assert found.value("opsbot_check_outcome", target=NAME, check="process", outcome="unknown") == 1.0
        at_last = found.value("opsbot_check_last_look_timestamp_seconds", target=NAME, check="process")
        assert at_last == pytest.approx(looked, abs=0.01)


async def test_two_metrics_that_come_to_one_name_do_not_spoil_the_answer() -> None:
    async with desk(await build(World())) as at:
        await measured(at, x_percent=50.0, x_ratio=9.0)
        found = await at.get()
        assert found.text.count("opsbot_target_x_ratio{") == 1
        assert found.value("opsbot_target_x_ratio", target=NAME) == 0.5


async def test_an_alert_its_incident_and_the_check_are_seen() -> None:
    world = World()
    async with desk(await build(world)) as at:
        await at.rig.until(lambda: world.host.running is not None and not at.rig.state.actions)
        alert = {"target": NAME, "rule": "api_health_failure", "severity": "critical", "priority": "P1"}
        before = await at.get()
        assert before.value("opsbot_alerts_firing", **alert) == 0.0
        assert before.value("opsbot_check_outcome", target=NAME, check="health", outcome="ok") == 1.0
        opened = before.value("opsbot_incidents_opened_total", priority="P1")
        await at.rig.runtime.ops.pause(NAME, 600, "deploy", OLGA)
        world.healthy = False
        await at.rig.until(lambda: at.rig.state.live(NAME) is not None)
        after = await at.get()
        assert after.value("opsbot_alerts_firing", **alert) == 1.0
        assert after.value("opsbot_alerts_pending", **alert) is None
        assert after.value("opsbot_check_outcome", target=NAME, check="health", outcome="ok") == 0.0
        assert after.value("opsbot_check_outcome", target=NAME, check="health", outcome="fail") == 1.0
        assert after.value("opsbot_incidents", priority="P1", state="open") == 1.0
        assert after.value("opsbot_incidents_opened_total", priority="P1") == (opened or 0.0) + 1.0
        assert after.value("opsbot_automation_paused", target=NAME) == 1.0
        await at.rig.runtime.ops.acknowledge(at.rig.incident.id, OLGA)
        taken = await at.get()
        assert taken.value("opsbot_incidents", priority="P1", state="open") == 0.0
        assert taken.value("opsbot_incidents", priority="P1", state="acknowledged") == 1.0


async def test_a_rule_that_has_not_held_long_enough_is_pending() -> None:
    world = World()
    async with desk(await build(world)) as at:
        await at.rig.until(lambda: world.host.running is not None and not at.rig.state.actions)
        await at.rig.runtime.ops.pause(NAME, 600, "deploy", OLGA)
        at.rig.runtime.scheduler.pause_loop("health")
        await at.rig.clock.settle()
        await at.rig.runtime.pipeline.post(SampleSeen(sample("health", Outcome.FAIL, at.rig.clock)))
        found = await at.get()
        alert = {"target": NAME, "rule": "api_health_failure", "severity": "critical", "priority": "P1"}
        assert found.value("opsbot_alerts_pending", **alert) == 1.0
        assert found.value("opsbot_alerts_firing", **alert) == 0.0


async def test_restarts_are_counted_by_who_made_them() -> None:
    world = World()
    async with desk(await build(world)) as at:
        await at.rig.until(lambda: world.host.running is not None and not at.rig.state.actions)
        before = await at.get()
        action = await at.rig.runtime.ops.act(NAME, ActionKind.RESTART, "new config", OLGA)
        await at.rig.action_ends(action.id)
        after = await at.get()
        for origin, more in (("discord", 1.0), ("auto", 0.0), ("cli", 0.0), ("other", 0.0)):
            was = before.value("opsbot_restarts_total", target=NAME, origin=origin)
            assert was is not None
            assert after.value("opsbot_restarts_total", target=NAME, origin=origin) == was + more


async def test_what_waits_for_a_notifier_and_what_became_of_it_is_seen() -> None:
    world = World()
    works, broken = RecordingNotifier("works"), RecordingNotifier("broken")
    broken.fails = deque([DeliveryError("503", permanent=False, place=True)] * 5)
    broken.fails.append(DeliveryError("too long", permanent=True))
    async with desk(await build(world, notifiers={"works": works, "broken": broken})) as at:
        await at.rig.until(lambda: world.host.running is not None and not at.rig.state.actions)
        world.healthy = False
        await at.rig.until(lambda: len(broken.fails) < 5)
        early = await at.get()
        assert early.value("opsbot_outbox_notices", notifier="works") == 0.0
        assert (early.value("opsbot_outbox_notices", notifier="broken") or 0.0) >= 1.0
        assert (early.value("opsbot_outbox_oldest_notice_age_seconds", notifier="broken") or 0.0) >= 1.0
        assert (early.value("opsbot_deliveries_total", notifier="works") or 0.0) >= 1.0
        assert (early.value("opsbot_delivery_failures_total", notifier="broken") or 0.0) >= 1.0
        await at.rig.until(lambda: not broken.fails, 300.0)
        late = await at.get()
        assert late.value("opsbot_delivery_failures_total", notifier="broken") == 6.0
        assert (late.value("opsbot_dead_letters_total", notifier="broken") or 0.0) >= 1.0
        assert late.value("opsbot_dead_letters_total", notifier="works") == 0.0


async def test_opsbot_says_what_it_is_and_how_it_is() -> None:
    async with desk(await build(World())) as at:
        found = await at.get()
        (line,) = [one for one in found.text.splitlines() if one.startswith("opsbot_build_info{")]
        assert f'version="{__version__}"' in line
        for name in ("event_loop_lag_seconds", "loops_late", "inputs_waiting", "store_degraded", "cut_off"):
            assert found.value(f"opsbot_{name}") == 0.0
        assert (found.value("process_resident_memory_bytes") or 0.0) > 1e6


async def test_an_alert_of_opsbots_own_is_there_while_it_fires() -> None:
    async with desk(await build(World())) as at:
        own = {"target": "opsbot", "rule": WEB_RULE, "severity": "warning", "priority": "P3"}
        await at.rig.runtime.pipeline.post(OwnTrouble(WEB_RULE, "no port"))
        assert (await at.get()).value("opsbot_alerts_firing", **own) == 1.0
        await at.rig.runtime.pipeline.post(OwnTrouble(WEB_RULE, ""))
        assert (await at.get()).value("opsbot_alerts_firing", **own) is None


async def test_no_text_from_elsewhere_becomes_a_label() -> None:
    world = World()
    async with desk(await build(world)) as at:
        await at.rig.runtime.ops.pause(NAME, 600, "reason-of-a-person", OLGA)
        seen = sample("health", Outcome.FAIL, at.rig.clock)
        at.rig.runtime.scheduler.pause_loop("health")
        await at.rig.clock.settle()
        for _ in range(3):
            await at.rig.clock.advance(0.1)
            again = replace(seen, at=at.rig.clock.now(), detail='evil"} 1\nevil{a="b')
            await at.rig.runtime.pipeline.post(SampleSeen(again))
        found = await at.get()
        assert "evil" not in found.text
        assert "reason-of-a-person" not in found.text
        assert OLGA.name not in found.text
        labels = set(re.findall(r'(\w+)="', re.sub(r"^#.*$", "", found.text, flags=re.MULTILINE)))
        assert labels == {
            *("target", "check", "outcome", "rule", "severity", "priority", "state", "origin", "notifier"),
            *("version", "python"),
        }


async def test_prometheus_finds_nothing_wrong_with_it() -> None:
    async with desk(await build(World())) as at:
        await measured(at, **MEASURED)
        said = promtool("check", "metrics", given=(await at.get()).text)
        assert said.strip() == ""
