"""What a person must know to find out what is wrong with a target, in one file without secrets."""
