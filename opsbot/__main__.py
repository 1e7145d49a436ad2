"""`python -m opsbot`."""

from opsbot.cli.main import main

main()
