"""Python's garbage collector, kept out of the way while a command starts.

Nearly everything that is made then stays: modules, classes, models. Looking at it again and again costs a
tenth of the start.
"""

from __future__ import annotations

import gc

USUAL = gc.get_threshold()

AT_START = 20_000
"""New objects between two looks."""


def spare_the_start() -> None:
    """Collects seldom from now on."""
    gc.set_threshold(AT_START, *USUAL[1:])


def settle_down() -> None:
    """For what runs long: collects as usual from now on, and never looks again at what is there already."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*USUAL)
