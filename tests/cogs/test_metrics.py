"""`/metrics`: the picture, what stands below it, and who may use that."""

from __future__ import annotations

import sys

from cogs._ui import chart
from opsbot.charts.base import INSTALL
from opsbot.domain.performance import Performance
from opsbot.draw.metrics import CSV, METRICS, PICTURE, REFRESH, WINDOW
from opsbot.errors import UsageError
from tests.cogs.charting import (
    BOT,
    NAMES,
    WIDTH,
    Painted,
    Painter,
    controls,
    measured,
    picture,
    png_size,
    redrawn,
)
from tests.cogs.stage import Stage, refused, said


async def test_metrics_answers_with_a_picture_and_the_statistics(painted: Painted) -> None:
    stage, _ = painted
    result = await stage.world.vera.slash(stage.world.ops, "metrics")
    assert not result.ephemeral
    (message,) = stage.sim.messages(stage.world.ops)
    width, height = png_size(picture(stage, message))
    assert width == WIDTH
    assert 600 < height < 1800
    assert (message.embeds[0].image.url or "").endswith(PICTURE)
    assert "avg 0.5% · min 0.25% · max 4%" in said(result)
    assert "matplotlib" not in sys.modules


async def test_the_menus_change_window_and_metrics_and_remember_each_other(
    painted: Painted,
) -> None:
    stage, painter = painted
    world = stage.world
    await world.vera.slash(world.ops, "metrics", metric="cpu_percent, rss_bytes")
    message = await redrawn(stage, "3600", "cpu_percent", "rss_bytes")
    await world.vera.select(message, ["21600"], custom_id=WINDOW.format(target=BOT))
    message = await redrawn(stage, "21600", "cpu_percent", "rss_bytes")
    assert painter.charts[-1].window == "last 6 h"
    await world.vera.select(message, ["process_up"], custom_id=METRICS.format(target=BOT))
    message = await redrawn(stage, "21600", "process_up")
    assert [panel.title for panel in painter.charts[-1].panels] == ["Process up"]
    await world.vera.click(message, custom_id=REFRESH.format(target=BOT))
    await stage.sim.wait_for(lambda: len(painter.charts) == 4)
    assert stage.operations.asked("metrics")[-1].detail == "21600 process_up"
    assert len(stage.sim.messages(world.ops)) == 1
    assert png_size(picture(stage, message))[0] == WIDTH


async def test_the_controls_work_after_a_restart_of_opsbot(painted: Painted, stage: Stage) -> None:
    world = stage.world
    await world.vera.slash(world.ops, "metrics", metric="rss_bytes")
    (message,) = stage.sim.messages(world.ops)
    await stage.bot.close()
    painter = Painter()
    async with stage.running(painter=painter):
        await world.vera.select(message, ["604800"], custom_id=WINDOW.format(target=BOT))
        await redrawn(stage, "604800", "rss_bytes")
        assert (painter.charts[-1].window, len(painter.charts[-1].panels)) == ("last 7 d", 1)


async def test_a_window_of_two_times_is_kept_by_refresh(painted: Painted) -> None:
    stage, painter = painted
    world = stage.world
    await world.vera.slash(world.ops, "metrics", **{"from": "2026-01-05 14:00", "to": "2026-01-05 16:00"})
    assert painter.charts[-1].window == "Jan 5 14:00 – 16:00"
    (message,) = stage.sim.messages(world.ops)
    await world.vera.click(message, custom_id=REFRESH.format(target=BOT))
    await stage.sim.wait_for(lambda: len(painter.charts) == 2)
    assert painter.charts[0].since == painter.charts[1].since
    assert painter.charts[0].until == painter.charts[1].until


async def test_the_csv_is_for_the_presser_alone(painted: Painted) -> None:
    stage, _ = painted
    stage.operations.looks = tuple(
        Performance(1_767_625_200.0 + n, 30061, 0.2, 1.5, 89 * 2.0**20, 523 * 2.0**20, 12, 45, 127 + n, 0, 3)
        for n in range(3)
    )
    await stage.world.vera.slash(stage.world.ops, "metrics")
    (message,) = stage.sim.messages(stage.world.ops)
    result = await stage.world.vera.click(message, custom_id=CSV.format(target=BOT))
    (answer,) = [r for r in (result.response, *result.followups) if r is not None]
    assert answer.ephemeral
    (file,) = answer.attachments
    assert file.filename.startswith("metrics_2026")
    content = stage.sim.cdn.content(file.url)
    assert content is not None
    first, second, *_ = content.decode().splitlines()
    assert first == (
        "timestamp,bot_pid,cpu_percent,mem_percent,rss_mb,vsz_mb,threads,open_files,api_requests,errors,warnings"
    )
    assert second.endswith(",30061,0.2,1.5,89,523,12,45,0,0,0")
    assert "CPU: avg=0.20%, min=0.20%, max=0.20%" in said(result)
    assert len(stage.sim.messages(stage.world.ops)) == 1


async def test_who_has_no_role_is_refused_at_every_control(painted: Painted) -> None:
    stage, painter = painted
    world = stage.world
    await world.vera.slash(world.ops, "metrics")
    (message,) = stage.sim.messages(world.ops)
    assert refused(await world.bob.click(message, custom_id=CSV.format(target=BOT)))
    assert refused(await world.bob.click(message, custom_id=REFRESH.format(target=BOT)))
    assert refused(await world.bob.select(message, ["21600"], custom_id=WINDOW.format(target=BOT)))
    assert refused(await world.bob.select(message, ["rss_bytes"], custom_id=METRICS.format(target=BOT)))
    assert refused(await world.bob.forge_slash(world.ops, "metrics", record="1m"))
    assert refused(await world.vera.slash(world.ops, "metrics", record="1m")), "a viewer only looks"
    assert len(stage.operations.asked("metrics")) == len(painter.charts) == 1
    assert not stage.operations.asked("performances")
    assert not stage.operations.asked("performance")
    assert len({call.verb for call in stage.operations.refusals}) == 6


async def test_a_menu_that_somebody_forged_does_nothing(painted: Painted) -> None:
    stage, painter = painted
    world = stage.world
    await world.vera.slash(world.ops, "metrics")
    (message,) = stage.sim.messages(world.ops)
    broken = await world.vera.forge_click(message, WINDOW.format(target=BOT))
    assert chart.BROKEN in said(broken) or refused(broken)
    wrong = await world.vera.forge_click(
        message, WINDOW.format(target=BOT), component_type=3, values=["1e99@nan"]
    )
    assert chart.BROKEN in said(wrong)
    gone = await world.vera.forge_click(message, REFRESH.format(target="nobody"))
    assert "There is no target" in said(gone)
    assert len(painter.charts) == 1


async def test_a_wrong_metric_is_refused_and_the_chart_stays(painted: Painted) -> None:
    stage, _ = painted
    world = stage.world
    result = await world.vera.slash(world.ops, "metrics", metric="cpu_percnt")
    assert "There is no metric “cpu_percnt”" in said(result)
    result = await world.vera.slash(world.ops, "metrics", metric="a,b,c,d,e")
    assert "at most 4 metrics" in said(result)
    await world.vera.slash(world.ops, "metrics")
    (message,) = stage.sim.messages(world.ops)
    stage.operations.infos = ()
    refused_now = await world.vera.click(message, custom_id=REFRESH.format(target=BOT))
    assert "There is no target" in said(refused_now)
    (same,) = stage.sim.messages(world.ops)
    assert same.attachments[0].id == message.attachments[0].id


async def test_without_charts_every_metric_has_its_line_and_the_remedy_is_named(stage: Stage) -> None:
    measured(stage)
    async with stage.running(painter=Painter(missing=True)):
        result = await stage.world.vera.slash(stage.world.ops, "metrics")
        (message,) = stage.sim.messages(stage.world.ops)
        assert message.attachments == []
        assert INSTALL in (message.embeds[0].footer.text or "")
        assert said(result).count("`▁█`") == len(NAMES)
        menu = controls(message)[METRICS.format(target=BOT)]
        assert [option.value for option in menu.options if option.default] == list(NAMES)


async def test_a_chart_that_breaks_leaves_the_numbers(stage: Stage) -> None:
    measured(stage)
    async with stage.running(painter=Painter(broken=True)):
        result = await stage.world.vera.slash(stage.world.ops, "metrics")
        (message,) = stage.sim.messages(stage.world.ops)
        assert message.attachments == []
        assert "avg 0.5% · min 0.25% · max 4%" in said(result)
        assert message.embeds[0].footer.text == "The chart was not ready within 15 s."


async def test_nothing_measured_yet_is_said(stage: Stage) -> None:
    async with stage.running(painter=Painter()):
        result = await stage.world.vera.slash(stage.world.ops, "metrics")
        assert "Nothing measured yet" in said(result)


async def test_metrics_are_offered_while_they_are_typed(painted: Painted) -> None:
    stage, _ = painted
    vera, ops = stage.world.vera, stage.world.ops
    offered = await vera.autocomplete(ops, "metrics", "metric", "memory")
    assert offered == []
    offered = await vera.autocomplete(ops, "metrics", "metric", "RSS")
    assert [choice["value"] for choice in offered] == ["rss_bytes"]
    offered = await vera.autocomplete(ops, "metrics", "metric", "rss_bytes, c")
    assert [choice["value"] for choice in offered] == ["rss_bytes, cpu_percent", "rss_bytes, process_up"]


async def test_a_refusal_after_the_press_leaves_the_chart_as_it_was(painted: Painted) -> None:
    stage, _ = painted
    world = stage.world
    await world.vera.slash(world.ops, "metrics")
    (message,) = stage.sim.messages(world.ops)
    stage.operations.fails["metrics"] = UsageError("Metrics are shown over 10 seconds to 366 days.")
    result = await world.vera.click(message, custom_id=REFRESH.format(target=BOT))
    await stage.sim.wait_for(lambda: "over 10 seconds" in said(result))
    assert all(answer.ephemeral for answer in result.followups)
    (same,) = stage.sim.messages(world.ops)
    assert same.attachments[0].id == message.attachments[0].id
    assert same.embeds[0].title == message.embeds[0].title
