"""The dashboard and the alert rules in config/: what they name exists, and Prometheus understands it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from opsbot import registry
from opsbot.web.naming import exposed
from tests.meta.test_checks_documented import PEOPLES_OWN, SMALLEST
from tests.runtime.rig import World, build
from tests.web.desk import desk
from tests.web.promtool import promtool

ROOT = Path(__file__).parents[2]
RULES = ROOT / "config" / "prometheus-rules.yml"
DASHBOARD = json.loads((ROOT / "config" / "grafana-dashboard.json").read_text(encoding="utf-8"))
NAME = re.compile(r"\b(?:opsbot|process)_[a-z0-9_]+")
ELSEWHERE = {"up"}
GRAFANAS = {"$__rate_interval": "5m", "$target": ".*"}


def of_targets() -> set[str]:
    """What the checks of opsbot give, under the default names."""
    found: set[str] = set()
    for kind in registry.kinds("opsbot.checks"):
        module = registry.load("opsbot.checks", kind)
        names = module.metrics(module.Options(**SMALLEST.get(kind, {})))
        found |= {exposed(name).name for name in names if name not in PEOPLES_OWN}
    return found | {exposed(f"health_{rest}").name for rest in ("response_seconds", "up", "status")}


def expressions_of_rules() -> list[str]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule["expr"] for group in groups for rule in group["rules"]]


def expressions_of_dashboard() -> list[str]:
    def walk(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            if isinstance(value.get("expr"), str):
                yield value["expr"]
            for inner in value.values():
                yield from walk(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from walk(inner)

    return list(walk(DASHBOARD))


async def test_every_metric_they_name_exists() -> None:
    async with desk(await build(World())) as at:
        known = (await at.get()).names | of_targets()
    variables = [one["query"]["query"] for one in DASHBOARD["templating"]["list"] if one["type"] == "query"]
    texts = [*expressions_of_rules(), *expressions_of_dashboard(), *variables]
    named = {name for text in texts for name in NAME.findall(text)}
    assert len(named) > 25
    assert named - known == set()


async def test_every_metric_of_opsbots_own_is_documented_and_none_that_is_gone() -> None:
    async with desk(await build(World())) as at:
        own = {n for n in (await at.get()).names if n.startswith("opsbot_")}
    own = {name for name in own if not name.startswith("opsbot_target_")}
    document = (ROOT / "docs" / "prometheus.md").read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| `(opsbot_\w+)`", document, re.MULTILINE))
    assert rows == own


def test_prometheus_takes_the_rules() -> None:
    assert "SUCCESS" in promtool("check", "rules", str(RULES))


def test_prometheus_understands_every_panel(tmp_path: Path) -> None:
    found = expressions_of_dashboard()
    assert len(found) > 20
    rules = []
    for number, text in enumerate(found):
        for name, value in GRAFANAS.items():
            text = text.replace(name, value)
        assert "$" not in text
        rules.append({"record": f"panel:{number}", "expr": text})
    file = tmp_path / "panels.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    assert "SUCCESS" in promtool("check", "rules", str(file))


def test_panels_have_their_own_numbers_and_places() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


@pytest.mark.parametrize("text", expressions_of_rules())
def test_no_rule_names_a_label_value_that_opsbot_does_not_know(text: str) -> None:
    for outcome in re.findall(r'outcome="(\w+)"', text):
        assert outcome in {"ok", "degraded", "fail", "error", "timeout", "unknown"}
