"""Small adapters, so that these tests depend on no real one."""
