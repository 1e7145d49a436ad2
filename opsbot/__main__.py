"""`python -m opsbot`."""

from opsbot.cli.entry import main

main()
