"""Compresses one file, in a process of its own that anybody may end at any time.

Run as `python -I -S …/_worker.py SOURCE TARGET LEVEL`; standard library only. SOURCE and TARGET are
descriptors that it inherits: it opens nothing, so it needs no rights. The target has the gzip header already
(RFC 1952); what comes behind it is written here. On standard output it says, a line each: `at BYTES` a few
times a second, and at last `end READ WRITTEN`, or `failed ERRNO READ WRITTEN`. It begins when whoever started
it has answered the first `at 0` with a byte on standard input, and leaves when that is closed.
"""

from __future__ import annotations

import os
import struct
import sys
import time
import zlib

CHUNK = 256 * 1024
SAY_SECONDS = 0.25


class Worker:
    """`read`, `written`: bytes so far."""

    def __init__(self, source: int, target: int, level: int) -> None:
        self.source, self.target = source, target
        self.packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
        self.read = self.written = self.checksum = 0
        self.said = time.monotonic()

    def run(self) -> None:
        """Raises OSError."""
        while chunk := os.read(self.source, CHUNK):
            if left_alone():
                sys.exit(1)
            self.read += len(chunk)
            self.checksum = zlib.crc32(chunk, self.checksum)
            self.write(self.packer.compress(chunk))
            if time.monotonic() - self.said >= SAY_SECONDS:
                self.said = time.monotonic()
                say(f"at {self.read}")
        self.write(self.packer.flush() + struct.pack("<II", self.checksum, self.read & 0xFFFFFFFF))
        os.fsync(self.target)

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            done = os.write(self.target, view)
            self.written += done
            view = view[done:]


def left_alone() -> bool:
    """Whether the other end of standard input was closed."""
    try:
        return not os.read(0, 1)
    except BlockingIOError:
        return False


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def main(source: str, target: str, level: str) -> None:
    os.nice(19)
    say("at 0")
    if not os.read(0, 1):
        return
    os.set_blocking(0, False)
    worker = Worker(int(source), int(target), int(level))
    try:
        worker.run()
        say(f"end {worker.read} {worker.written}")
    except OSError as error:
        say(f"failed {error.errno} {worker.read} {worker.written}")


if __name__ == "__main__":
    main(*sys.argv[1:])
