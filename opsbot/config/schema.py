"""A JSON Schema of the configuration for editors, made of the models and the adapters' own options.

`config/opsbot.schema.json` is this; run `python -m opsbot.config.schema > config/opsbot.schema.json` after a
change of an option.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from pydantic import BaseModel

from opsbot import registry
from opsbot.config.adapters import Packages
from opsbot.config.chain import ESCALATION, FALLBACK
from opsbot.config.models.chain import EscalationSection, FallbackSection
from opsbot.config.models.check import CheckSection
from opsbot.config.models.file import File
from opsbot.config.notifications import KINDS

Schema = dict[str, Any]

VARIABLE = {"type": "string", "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^{}]*)?\}"}
"""What may stand instead of a number or a switch."""


def schema(packages: Packages | None = None) -> Schema:
    """The JSON Schema (draft 2020-12) of a configuration file."""
    packages = packages or Packages()
    whole = File.model_json_schema()
    definitions: Schema = whole.setdefault("$defs", {})
    checks = _adapters(packages.checks, definitions, _properties(CheckSection))
    supervisors = _adapters(packages.supervisors, definitions, {})
    target = definitions["TargetSection"]["properties"]
    target["checks"]["additionalProperties"] = {"anyOf": [*checks.values(), {"type": "null"}]}
    target["supervisor"] = {
        "anyOf": list(supervisors.values()),
        "description": "how it is started and stopped",
    }
    whole["properties"]["notifications"] = _notifications(packages, definitions)
    definitions["Actions"]["additionalProperties"] = {"$ref": "#/$defs/Action"}
    result: Schema = _with_variables(_tidy(whole))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **result, "title": "opsbot"}


def _notifications(packages: Packages, definitions: Schema) -> Schema:
    kinds = _adapters(packages.notifiers, definitions, {})
    named = {**kinds, **{name: kinds[kind] for name, kind in KINDS.items() if kind in kinds}}
    return {
        "type": "object",
        "description": "who else is told",
        "properties": {**{name: named[name] for name in sorted(named)}, **_chain(definitions)},
        "additionalProperties": {"anyOf": list(kinds.values())},
    }


def _chain(definitions: Schema) -> Schema:
    found: dict[str, type[BaseModel]] = {FALLBACK: FallbackSection, ESCALATION: EscalationSection}
    for name, model in found.items():
        own = model.model_json_schema()
        definitions.update(own.pop("$defs", {}))
        definitions[f"notifications.{name}"] = own
    step = {"$ref": f"#/$defs/notifications.{ESCALATION}"}
    return {
        FALLBACK: {"$ref": f"#/$defs/notifications.{FALLBACK}"},
        ESCALATION: {"type": "array", "items": step, "description": "who is called in, step by step"},
    }


def _adapters(package: str, definitions: Schema, common: Schema) -> dict[str, Schema]:
    """A reference for each kind of a package; what they refer to goes into `definitions`."""
    found = {}
    for kind in registry.kinds(package):
        name = f"{package.rsplit('.', 1)[-1]}.{kind}"
        definitions[name] = _options(registry.load(package, kind).Options, kind, definitions, common)
        found[kind] = {"$ref": f"#/$defs/{name}"}
    return found


def _options(model: type[BaseModel], kind: str, definitions: Schema, common: Schema) -> Schema:
    own = model.model_json_schema(ref_template=f"#/$defs/{kind}.{{model}}")
    for name, definition in own.pop("$defs", {}).items():
        definitions[f"{kind}.{name}"] = definition
    properties = {"type": {"const": kind}, **common, **own.get("properties", {}), **_secret_files(model)}
    required = [name for name in own.get("required", []) if f"{name}_file" not in properties]
    return {**own, "title": kind, "properties": properties, "required": required}


def _secret_files(model: type[BaseModel]) -> Schema:
    secrets = [name for name, info in model.model_fields.items() if "SecretStr" in repr(info.annotation)]
    text = {"type": "string", "description": "a 0600 file that holds it"}
    return {f"{name}_file": text for name in secrets if f"{name}_file" not in model.model_fields}


def _properties(model: type[BaseModel]) -> Schema:
    properties: Schema = model.model_json_schema()["properties"]
    return {name: value for name, value in properties.items() if name != "type"}


def _tidy(value: Any) -> Any:
    """Without titles that only repeat a key, and without defaults (`opsbot` merges them with others)."""
    if isinstance(value, list):
        return [_tidy(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {key: item for key, item in value.items() if key != "default" or isinstance(item, dict)}
    return {
        key: _tidy(item)
        for key, item in kept.items()
        if not (key in ("title", "default") and "properties" not in kept and not _is_schema(item))
    }


def _is_schema(item: Any) -> bool:
    return isinstance(item, dict) and bool({"type", "$ref", "anyOf", "const"} & item.keys())


def _with_variables(value: Any) -> Any:
    """Numbers and switches may also be `${NAME}`."""
    if isinstance(value, list):
        return [_with_variables(item) for item in value]
    if not isinstance(value, dict):
        return value
    inner = {key: _with_variables(item) for key, item in value.items()}
    if inner.get("type") in ("number", "integer", "boolean"):
        description = inner.pop("description", None)
        both: Schema = {"anyOf": [inner, VARIABLE]}
        return both if description is None else {**both, "description": description}
    return inner


if __name__ == "__main__":
    sys.stdout.write(json.dumps(schema(), indent=2, ensure_ascii=False) + "\n")
