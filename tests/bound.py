"""How long a test waits for what must come."""

BOUND = 60.0  # seconds, enough on a loaded machine: a test waits for the event, and this only ends a hang
