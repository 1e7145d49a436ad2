"""The commented file that `init` writes, and the schema for editors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from opsbot.config.load import KEYS
from opsbot.config.models.file import File
from opsbot.config.schema import schema
from opsbot.config.template import TEMPLATE
from tests.config.kit import made, rules_of

CONFIG = Path(__file__).parents[2] / "config"
UNCOMMENT = re.compile(
    r"^# ((?:discord|rules|state_dir|base_dir|web|reports|maintenance|runbooks|dead_mans_switch):.*|  .*)$",
    re.MULTILINE,
)


def test_the_file_in_the_repository_is_what_init_writes() -> None:
    assert (CONFIG / "opsbot.yml").read_text(encoding="utf-8") == TEMPLATE


def test_it_loads_as_it_is_with_nothing_in_the_environment() -> None:
    loaded = made(TEMPLATE)
    assert loaded.notices == ()
    assert loaded.discord is None


def test_it_comes_to_the_same_as_no_file_at_all() -> None:
    written, built_in = made(TEMPLATE), made("")
    assert written.targets == built_in.targets
    assert written.schedules == built_in.schedules
    assert written.actions == built_in.actions


def test_what_is_commented_out_is_right_too() -> None:
    text = UNCOMMENT.sub(r"\1", TEMPLATE.replace("# opsbot's own files", "#").replace("#   opsbot", "#"))
    loaded = made(text, {"OPSBOT_PING_URL": "https://hc-ping.com/0f1e2d3c"})
    assert loaded.discord is not None
    assert loaded.discord.guild_id == 111111111111111111
    assert "slow_at_night" in rules_of(loaded)
    assert "threads" not in rules_of(loaded)


def test_the_schema_in_the_repository_is_up_to_date() -> None:
    stored = json.loads((CONFIG / "opsbot.schema.json").read_text(encoding="utf-8"))
    assert stored == schema(), "run `python -m opsbot.config.schema > config/opsbot.schema.json`"


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(inner)


def test_everything_the_schema_refers_to_is_in_it() -> None:
    found = schema()
    references = {node["$ref"] for node in nodes(found) if isinstance(node.get("$ref"), str)}
    assert references
    for reference in references:
        assert reference.removeprefix("#/$defs/") in found["$defs"]


def test_the_schema_knows_every_section_and_each_adapters_options() -> None:
    found = schema()
    assert set(found["properties"]) == set(KEYS) == set(File.model_fields)
    assert found["additionalProperties"] is False
    assert "url" in found["$defs"]["checks.http"]["properties"]
    assert "interval_seconds" in found["$defs"]["checks.http"]["properties"]
    assert "command" in found["$defs"]["supervisors.process"]["properties"]
    slack = found["$defs"]["notifiers.slack"]["properties"]
    assert {"webhook_url", "webhook_url_file", "enabled"} <= slack.keys()
    assert found["properties"]["notifications"]["properties"]["discord"] == {
        "$ref": "#/$defs/notifiers.discord_webhook"
    }
