"""The command line."""

SHORTEST_WATCH = 0.2
"""Seconds between two looks of `opsbot health --watch`, at the least."""
