"""A target for tests: says `ready`, then does what its arguments and its signals say.

SIGUSR1: exit with 3. `ignore`: SIGTERM does not end it. `children`: has a child in its group that ignores
SIGTERM. `spawn`: has one that is a fresh program with the argument `worker`; with `away` that has a session
of its own. `helper`: has one in a session of its own that listens. `daemon`: goes to the background. `port`:
listens, and says where. `again`: becomes itself anew, without this argument. `other`: becomes another
program. `reload`: runs itself as its child, without arguments. `chatter`: writes for ever.
"""

import os
import signal
import socket
import sys
import time


def say(word: str, number: int) -> None:
    os.write(1, f"{word} {number}\n".encode())


PADDING = b"x" * 80
modes = sys.argv[2:]
if "daemon" in modes:
    if os.fork():
        os._exit(0)
    os.setsid()
    if os.fork():
        os._exit(0)
signal.signal(signal.SIGUSR1, lambda *_: os._exit(3))
if "ignore" in modes:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if "children" in modes and not os.fork():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    say("child", os.getpid())
    while True:
        signal.pause()
myself = [sys.executable, "-I", "-S", *sys.argv[:2]]
if "worker" in modes:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "away" in modes:
        os.setsid()
elif "spawn" in modes:
    os.posix_spawn(sys.executable, [*myself, *modes, "worker"], os.environ)
if "reload" in modes:
    os.posix_spawn(sys.executable, myself, os.environ)
if "helper" in modes:
    os.posix_spawn(sys.executable, [*myself, "helping"], os.environ)
if "helping" in modes:
    os.setsid()
    say("helper", os.getpid())
if "port" in modes or "helping" in modes:
    server = socket.create_server(("127.0.0.1", 0), reuse_port=True)
    say("port", server.getsockname()[1])
say("ready", os.getpid())
if "again" in modes:
    os.execv(sys.executable, [*myself, *(mode for mode in modes if mode != "again")])
if "other" in modes:
    os.execv("/bin/sleep", ["another-program", "100000"])
if "chatter" in modes:
    for number in range(10**9):
        os.write(1, b"line %d %s\n" % (number, PADDING))
        if number % 100 == 0:
            time.sleep(0.001)
while True:
    signal.pause()
