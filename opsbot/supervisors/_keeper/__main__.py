"""Entry: without `site`, opsbot's own folder must be put on the path by hand; last, so it shadows nothing."""

import os
import sys

sys.path.append(__file__.rpartition("/opsbot/")[0])

from opsbot.supervisors._keeper.main import main

main()
os._exit(0)  # an interpreter takes milliseconds to tidy up, and the next start waits for the lock
