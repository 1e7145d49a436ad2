"""Probes of what opsbot itself reaches, each behind the port in `base`. Those of opsbot's own connection to
Discord are in `opsbot.bot.sight`."""
