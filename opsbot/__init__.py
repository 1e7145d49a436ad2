"""opsbot: a Discord bot that watches, alerts on and repairs the service beside it."""

__version__ = "0.1.0"
