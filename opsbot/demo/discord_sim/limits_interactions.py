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
MAX_LABEL_DESCRIPTION = 100
TEXT_INPUT, LABEL = 4, 18
TEXT_STYLES = (1, 2)

MODAL_SUBMIT = 5
"""The kind of interaction to which a modal is no answer."""


def judge_callback(body: Mapping[str, Any], files: Sequence[int], asked: int | None = None) -> None:
    """Raise BackendError as Discord answers to `POST /interactions/…/callback`. `asked`: the kind of the
    interaction that is answered, if it is known."""
    data = body.get("data") or {}
    kind = body.get("type")
    if kind == MESSAGE:
        judge_message(data, files)
    elif kind == UPDATE:
        judge_message(data, files, may_be_empty=True)
    elif kind == AUTOCOMPLETE:
        _judge_choices(data.get("choices"))
    elif kind == MODAL:
        _judge_modal(data, asked)


def _judge_choices(choices: Any) -> None:
    form = Form()
    for index, choice in enumerate(form.size(("choices",), choices, MAX_CHOICES)):
        form.text(("choices", index, "name"), choice.get("name"), MAX_CHOICE_NAME, 1)
        value = choice.get("value")
        form.text(("choices", index, "value"), None if value is None else str(value),
                  MAX_CHOICE_VALUE, 1)  # fmt: skip
    form.raise_if_wrong()


def _judge_modal(modal: Mapping[str, Any], asked: int | None) -> None:
    form = Form()
    if asked == MODAL_SUBMIT:  # "Not available for MODAL_SUBMIT and PING interactions"
        form.wrong(("type",), "INTERACTION_CALLBACK_TYPE_INVALID", "A modal cannot answer a modal")
    form.text(("title",), modal.get("title"), MAX_MODAL_TITLE, 1)
    form.text(("custom_id",), modal.get("custom_id"), MAX_MODAL_ID, 1)
    rows = form.size(("components",), modal.get("components"), MAX_MODAL_ROWS, 1)
    for index, row in enumerate(rows):
        if row.get("type") == LABEL:
            form.text(("components", index, "label"), row.get("label"), MAX_INPUT_LABEL, 1)
            about = row.get("description")
            form.text(("components", index, "description"), about, MAX_LABEL_DESCRIPTION)
        inner: Mapping[str, Any] = row.get("component") or next(iter(row.get("components") or []), {})
        if inner.get("type") == TEXT_INPUT:
            _judge_input(form, ("components", index), inner)
    form.raise_if_wrong()


def _judge_input(form: Form, at: tuple[str | int, ...], item: Mapping[str, Any]) -> None:
    form.text((*at, "custom_id"), item.get("custom_id"), MAX_MODAL_ID, 1)
    form.text((*at, "label"), item.get("label"), MAX_INPUT_LABEL)
    form.text((*at, "placeholder"), item.get("placeholder"), MAX_INPUT_PLACEHOLDER)
    form.text((*at, "value"), item.get("value"), MAX_INPUT_VALUE)
    form.choice((*at, "style"), item.get("style"), TEXT_STYLES)
    least, most = item.get("min_length") or 0, item.get("max_length") or MAX_INPUT_VALUE
    if not 0 <= least <= most <= MAX_INPUT_VALUE:
        message = f"Must be between {least} and {MAX_INPUT_VALUE}."
        form.wrong((*at, "max_length"), "NUMBER_TYPE_MAX", message)
