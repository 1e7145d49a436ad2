"""Log rotation: a target's log is set aside without losing or doubling a line, compressed, and pruned."""
