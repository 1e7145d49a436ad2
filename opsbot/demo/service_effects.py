"""The stand-in's faults that do something while they last. Each runs in a thread of its own."""

import logging
import time

from opsbot.demo.service_board import Activation

LEAK_CHUNK_BYTES = 512 * 1024
LEAK_INTERVAL_SECONDS = 0.1
"""Together about 5 MB a second."""
LEAK_CEILING_BYTES = 1024 * 1024 * 1024
"""Far above every threshold, far below what would hurt the machine of somebody who looks at a demo."""
BURN_BLOCK_BYTES = 1024 * 1024
DEFAULT_ERRORS_PER_SECOND = 2.0

_commands = logging.getLogger("src.discord_bot.commands")
ERROR_LINES = (
    "Failed to summarize channel=general user=ada: TimeoutError: no answer within 30 s",
    "create_summary failed channel=dev user=grace: APIError: unexpected answer",
    "Failed to summarize channel=support user=linus: ConnectionError: connection lost",
)


def leak(activation: Activation) -> None:
    """Hold more and more memory until the fault ends."""
    held: list[bytes] = []
    while not activation.ended.wait(LEAK_INTERVAL_SECONDS):
        if len(held) * LEAK_CHUNK_BYTES < LEAK_CEILING_BYTES:
            # Not zeros: the kernel would not back those with memory.
            held.append(b"\xa5" * LEAK_CHUNK_BYTES)


def burn(activation: Activation) -> None:
    """Keep one core busy; hashing a large block leaves the interpreter to the other threads."""
    import hashlib  # here, because nobody else needs it and the start should be quick

    block = bytes(BURN_BLOCK_BYTES)
    while not activation.ended.is_set():
        hashlib.sha256(block).digest()


def spit_errors(activation: Activation) -> None:
    """Log ERROR lines at the activation's rate, evenly, catching up when a write was slow."""
    interval = 1 / (activation.rate or DEFAULT_ERRORS_PER_SECOND)
    due = time.monotonic()
    count = 0
    while not activation.ended.wait(max(0.0, due - time.monotonic())):
        _commands.error(ERROR_LINES[count % len(ERROR_LINES)])
        count += 1
        due += interval
