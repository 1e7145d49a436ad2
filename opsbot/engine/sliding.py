"""What a sliding window of numbers folds to, in bounded memory.

A window is cut into `BUCKETS` buckets; each holds the fold of the samples that fell into it. Where samples
are rarer than buckets every sample has its own, and the window is exact. Otherwise the oldest bucket leaves
as a whole, once its newest sample has left: the error is at most one bucket, 1/720 of the window (5 s of an
hour, 2 min of a day).

Nothing is ever subtracted, so nothing drifts: the fold is kept as two stacks (buckets that came before the
last turn, as folds to their end; buckets that came after, as one fold), which makes every step O(1)
amortised for any associative `join`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

BUCKETS = 720
"""Buckets of one window; at most three more are held at a time."""

T = TypeVar("T")


@dataclass(slots=True)
class _Bucket(Generic[T]):
    slot: int
    newest: float
    part: T


class Sliding(Generic[T]):
    """The fold by `join` over the last `window` seconds: samples with now - window < time <= now."""

    __slots__ = ("_back", "_back_total", "_front", "_join", "width", "window")

    def __init__(self, window: float, join: Callable[[T, T], T]) -> None:
        self.window = window
        self.width = window / BUCKETS
        self._join = join
        self._front: list[tuple[float, T]] = []  # oldest last, each folded with all that follow it
        self._back: list[_Bucket[T]] = []  # newest last
        self._back_total: T | None = None

    def __len__(self) -> int:
        return len(self._front) + len(self._back)

    def add(self, at: float, part: T) -> None:
        """Folds in what was seen at `at` seconds; times do not fall."""
        slot = int(at // self.width)
        back = self._back
        if back and back[-1].slot == slot:
            back[-1].newest = at
            back[-1].part = self._join(back[-1].part, part)
        else:
            back.append(_Bucket(slot, at, part))
        self._back_total = part if self._back_total is None else self._join(self._back_total, part)
        self._drop(at - self.window)

    def total(self, now: float) -> T | None:
        """The fold at `now` seconds; None when the window holds nothing."""
        self._drop(now - self.window)
        if not self._front:
            return self._back_total
        front = self._front[-1][1]
        return front if self._back_total is None else self._join(front, self._back_total)

    def _drop(self, edge: float) -> None:
        front = self._front
        while front and front[-1][0] <= edge:
            front.pop()
        if not front and self._back and self._back[0].newest <= edge:
            self._turn(edge)

    def _turn(self, edge: float) -> None:
        """Moves the back to the front, folding from its end; a bucket is moved once in its life."""
        total: T | None = None
        for bucket in reversed(self._back):
            if bucket.newest <= edge:
                break
            total = bucket.part if total is None else self._join(bucket.part, total)
            self._front.append((bucket.newest, total))
        self._back.clear()
        self._back_total = None
