"""How opsbot's messages look: pure functions from domain objects to plain payloads, without Discord."""
