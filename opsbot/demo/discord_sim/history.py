"""A channel's history, a page at a time, as Discord gives it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opsbot.demo.discord_sim.form import Form

# https://discord.com/developers/docs/resources/message#get-channel-messages
MOST, USUAL = 100, 50
_MOMENTS = ("around", "before", "after")

Params = dict[str, Any]


def history(asked: Mapping[str, str], fetch: Callable[[Params], list[Any]]) -> list[Any]:
    """One page, newest first. `fetch` gives what simcord finds.

    After an id Discord gives the messages next to it; simcord gives the newest of all, so it is asked for
    all of them. Raises BackendError where Discord would refuse.
    """
    form = Form()
    limit = _number(form, "limit", asked.get("limit", str(USUAL)))
    if not 1 <= limit <= MOST:
        form.wrong(("limit",), "NUMBER_TYPE_MAX", f"int value should be between 1 and {MOST}.")
    moments = {key: _number(form, key, asked[key]) for key in _MOMENTS if key in asked}
    form.raise_if_wrong()
    if "after" not in moments:
        return fetch({**moments, "limit": limit})
    return fetch({**moments, "limit": 2**31})[-limit:]


def _number(form: Form, key: str, text: str) -> int:
    if text.isdecimal():
        return int(text)
    form.wrong((key,), "NUMBER_TYPE_COERCE", f'Value "{text}" is not snowflake.')
    return 1
