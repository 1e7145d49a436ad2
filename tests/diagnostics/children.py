"""Processes that this one has begun."""

from __future__ import annotations

import psutil


def children_with(words: str) -> list[psutil.Process]:
    """Those whose command line has these words. What other tests left and has just ended is none."""
    return [child for child in psutil.Process().children(recursive=True) if words in _command(child)]


def _command(child: psutil.Process) -> str:
    try:
        return " ".join(child.cmdline())
    except (psutil.ZombieProcess, psutil.NoSuchProcess):
        return ""
