"""Doubles that ship with opsbot, each held to the contract of the port it stands for."""

from opsbot.testing.clock import VirtualClock
from opsbot.testing.metrics import MemoryMetrics
from opsbot.testing.store import MemoryDisk, MemoryState

__all__ = ["MemoryDisk", "MemoryMetrics", "MemoryState", "VirtualClock"]
