"""The answers to `diagnostics` and `profile`."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncGenerator
from typing import Any

from opsbot.control.answers import target_of
from opsbot.control.reports import Line
from opsbot.domain.actor import Actor
from opsbot.draw.diagnostics import bundle_data, bundle_progress, bundle_text, profile_text
from opsbot.errors import UsageError
from opsbot.runtime.port import Operations

PIECE = 192 * 1024
"""Bytes of the file in one line of the answer."""


async def diagnostics_lines(
    operations: Operations, request: dict[str, Any], actor: Actor
) -> AsyncGenerator[Line, None]:
    """How far it is, the file piece by piece, and at last what is in it."""
    bundle = await operations.bundles.begin(target_of(operations, request), actor)
    while not bundle.over:
        yield {"progress": bundle_progress(bundle)}
        bundle = await operations.bundles.look(bundle.number, bundle.version)
    if bundle.error:
        yield {"error": f"No bundle was made: {bundle.error}.", "exit": 1}
        return
    content = await operations.bundles.take(bundle.number)
    for at in range(0, len(content), PIECE):
        yield {"piece": b64encode(content[at : at + PIECE]).decode()}
    yield {"text": bundle_text(bundle), "data": bundle_data(bundle), "name": bundle.name, "exit": 0}


async def profile_lines(
    operations: Operations, request: dict[str, Any], actor: Actor
) -> AsyncGenerator[Line, None]:
    """Where the target spends its time."""
    seconds = request.get("seconds", 10)
    if not isinstance(seconds, int):
        raise UsageError("`seconds` is a whole number, such as 10.")
    target = target_of(operations, request)
    yield {"progress": f"looking for {seconds} s …"}
    yield {"text": profile_text(await operations.bundles.profile(target, seconds, actor)), "exit": 0}
