"""Doubles that ship with opsbot, each held to the contract of the port it stands for."""

from opsbot.testing.clock import VirtualClock

__all__ = ["VirtualClock"]
