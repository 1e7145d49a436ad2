"""Entry: without `site`, opsbot's own folder must be put on the path by hand; last, so it shadows nothing."""

import sys

sys.path.append(__file__.rpartition("/opsbot/")[0])

from opsbot.supervisors._keeper.main import main

main()
