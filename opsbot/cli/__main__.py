"""`python -m opsbot.cli`."""

from opsbot.cli.entry import main

main()
