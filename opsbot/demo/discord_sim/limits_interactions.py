"""The judge of answers to interactions: modals and autocomplete choices.

https://discord.com/developers/docs/interactions/receiving-and-responding
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opsbot.demo.discord_sim.form import Form
from opsbot.demo.discord_sim.limits import judge_message

MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE, AUTOCOMPLETE, MODAL = 4, 5, 6, 7, 8, 9

MAX_CHOICES = 25
MAX_CHOICE_NAME = 100
MAX_CHOICE_VALUE = 100
MAX_MODAL_TITLE = 45
MAX_MODAL_ID = 100
MAX_MODAL_ROWS = 5
MAX_INPUT_LABEL = 45
MAX_INPUT_PLACEHOLDER = 100
MAX_INPUT_VALUE = 4_000
TEXT_INPUT = 4


def judge_callback(body: Mapping[str, Any], files: Sequence[int]) -> None:
    """Raise BackendError as Discord answers to `POST /interactions/…/callback`."""
    data = body.get("data") or {}
    kind = body.get("type")
    if kind == MESSAGE:
        judge_message(data, files)
    elif kind == UPDATE:
        judge_message(data, files, may_be_empty=True)
    elif kind == AUTOCOMPLETE:
        _judge_choices(data.get("choices"))
    elif kind == MODAL:
        _judge_modal(data)


def _judge_choices(choices: Any) -> None:
    form = Form()
    for index, choice in enumerate(form.size(("choices",), choices, MAX_CHOICES)):
        form.text(("choices", index, "name"), choice.get("name"), MAX_CHOICE_NAME, 1)
        value = choice.get("value")
        form.text(("choices", index, "value"), None if value is None else str(value),
                  MAX_CHOICE_VALUE, 1)  # fmt: skip
    form.raise_if_wrong()


def _judge_modal(modal: Mapping[str, Any]) -> None:
    form = Form()
    form.text(("title",), modal.get("title"), MAX_MODAL_TITLE, 1)
    form.text(("custom_id",), modal.get("custom_id"), MAX_MODAL_ID, 1)
    rows = form.size(("components",), modal.get("components"), MAX_MODAL_ROWS, 1)
    for index, row in enumerate(rows):
        inner: Mapping[str, Any] = row.get("component") or next(iter(row.get("components") or []), {})
        if inner.get("type") == TEXT_INPUT:
            _judge_input(form, ("components", index), inner)
    form.raise_if_wrong()


def _judge_input(form: Form, at: tuple[str | int, ...], item: Mapping[str, Any]) -> None:
    form.text((*at, "custom_id"), item.get("custom_id"), MAX_MODAL_ID, 1)
    form.text((*at, "label"), item.get("label"), MAX_INPUT_LABEL)
    form.text((*at, "placeholder"), item.get("placeholder"), MAX_INPUT_PLACEHOLDER)
    form.text((*at, "value"), item.get("value"), MAX_INPUT_VALUE)
