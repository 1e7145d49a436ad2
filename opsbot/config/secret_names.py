"""Which values are secret by the name they go by, and which variables are opsbot's alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import SecretStr

from opsbot import redact
from opsbot.config.workshop import Workshop

OWN_VARIABLES = "OPSBOT_"
"""How the names of opsbot's own variables begin: no target gets them."""

SHORTEST = 8
"""Characters: a shorter value is not taken for a secret because of its name alone."""

_OWN_SECTIONS = ("discord", "notifications", "web", "dead_mans_switch")


def loaded(shop: Workshop) -> tuple[SecretStr, ...]:
    """Every secret: those that options are known to hold, and whatever is called like one, in the file and in
    the environment, which targets inherit and may write into their logs."""
    named = [*_called_so(shop.document.data), *_called_so(shop.environ)]
    return tuple(dict.fromkeys([*shop.secrets.values(), *map(SecretStr, named)]))


def hidden_from_targets(shop: Workshop) -> frozenset[str]:
    """Names of variables: those called opsbot's own, and the secrets by which opsbot itself logs in and tells
    people, unless a target's section names them too."""
    used: dict[str, set[str]] = {}
    for path, names in shop.expansion.used.items():
        for name in names:
            used.setdefault(name, set()).add(str(path[0]))
    own = {
        name for name in shop.secrets if name in shop.environ and used.get(name, set()) <= {*_OWN_SECTIONS}
    }
    return frozenset(own | {name for name in shop.environ if name.startswith(OWN_VARIABLES)})


def _called_so(data: Mapping[str, Any]) -> Iterator[str]:
    for name, value in data.items():
        if isinstance(value, str):
            if len(value) >= SHORTEST and "${" not in value and redact.is_secret_name(name):
                yield value
        elif isinstance(value, dict):
            yield from _called_so(value)
