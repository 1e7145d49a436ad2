"""`python -m opsbot.cli`."""

from opsbot.cli.main import main

main()
