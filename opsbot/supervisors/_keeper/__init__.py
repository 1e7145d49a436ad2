"""The keeper: a small process of its own between opsbot and one target, as conmon is to podman.

Run as `python -I -S …/_keeper/__main__.py`; standard library only, and as little of that as can be: it must
start fast and stay small. It reads its orders from its standard input until the end of the stream (empty or
cut off: nobody needs it, it leaves), answers there once, and then lives as long as the target. It decides
nothing.

It is the target's parent and subreaper, so it learns the exit status; it owns the target's output and appends
it to the log file; it and the target hold the lock. The target's output is a FIFO that the target itself has
open for reading too: a killed keeper so never costs the target a SIGPIPE, and a new keeper (`drain` orders)
can go on reading where the killed one left off.
"""

ENTRY = __file__.replace("__init__.py", "__main__.py")
"""The program file to run; it also tells a keeper's command line from others."""
