"""Random batches of changes, for hypothesis: every field of every kind, few names and numbers, so that they
meet."""

from __future__ import annotations

import enum
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from opsbot.domain.change import Change
from opsbot.domain.moment import Moment

texts = st.text(st.characters(), max_size=8)  # lone surrogates and NUL among them
names = st.sampled_from(["bot", "api", "it's"])
ids = st.integers(1, 4)

# Around the start of a `VirtualClock`; binary fractions, so that moving to another boot stays exact.
_offsets = st.integers(-400_000, 400_000).map(lambda eighths: eighths / 8)
moments = _offsets.map(lambda by: Moment(1000.0 + by, 1_767_625_440.0 + by))

_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: texts,
    int: ids,
    bool: st.booleans(),
    float: st.floats(allow_nan=False),
    NoneType: st.none(),
    Moment: moments,
}
_KEYS = {"target": names, "rule": names, "notifier": names, "place": names}
"""What stands in key columns comes from the configuration or a notifier: no wild text."""


@cache
def anything(hint: Any) -> st.SearchStrategy[Any]:
    """Values of an annotated type."""
    if hint in _PLAIN:
        return _PLAIN[hint]
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return st.sampled_from(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        hints = get_type_hints(hint)
        parts = {each.name: _KEYS.get(each.name, anything(hints[each.name])) for each in fields(hint)}
        if "timeline" in parts:  # made of the `TimelineLine`s
            parts["timeline"] = st.just(())
        return st.builds(hint, **parts)
    if get_origin(hint) is tuple:
        return st.lists(anything(get_args(hint)[0]), max_size=2).map(tuple)
    return st.one_of([anything(kind) for kind in get_args(hint)])


changes: st.SearchStrategy[Change] = anything(Change)
batches = st.lists(changes, min_size=1, max_size=5)
