"""Log files: each followed once, counted and matched in one pass, whatever happens to the file."""
