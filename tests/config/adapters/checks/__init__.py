"""See the parent."""
