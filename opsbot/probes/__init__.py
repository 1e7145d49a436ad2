"""Probes of what opsbot itself reaches, each behind the port in `base`. `outside` makes those that the
configuration names; those of opsbot's own connection to Discord are in `opsbot.bot.probes`."""
