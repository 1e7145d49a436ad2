"""What checks of the kind `heartbeat` need beside their options: where they are heard, and a secret each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from opsbot.config.document import Path
from opsbot.config.online import loopback
from opsbot.config.parts import Sections
from opsbot.config.targets import HEARTBEAT
from opsbot.config.workshop import Workshop
from opsbot.domain.target import Target


def heard(shop: Workshop, file: Sections, targets: Sequence[Target]) -> tuple[Target, ...]:
    """The targets: one whose heartbeats may come from elsewhere lives on the network, too."""
    used: dict[str, str] = {}
    found = []
    for target in targets:
        elsewhere = False
        for spec in target.checks:
            if spec.kind != HEARTBEAT:
                continue
            path: Path = ("targets", target.name, "checks", spec.name)
            _needs_web(shop, path)
            _own_secret(shop, spec.options.secret.get_secret_value(), path, used)
            elsewhere = file.web is not None and not loopback(file.web.listen.rpartition(":")[0].strip("[]"))
        found.append(replace(target, networked=True) if elsewhere else target)
    return tuple(found)


def _needs_web(shop: Workshop, path: Path) -> None:
    if shop.value(("web",)) is None:
        shop.wrong_key(
            path, "hears nothing without the section `web`: add `web: {}`, and see that it is reached."
        )


def _own_secret(shop: Workshop, secret: str, path: Path, used: dict[str, str]) -> None:
    place = ".".join(map(str, path[1:]))
    other = used.setdefault(secret, place)
    if other != place:
        key = "secret" if shop.value((*path, "secret")) is not None else "secret_file"
        shop.wrong((*path, key), f"is that of `{other}` too: each needs its own.")
